import { isDuration } from './tally.ts';
import type { Tally } from './tally.ts';
import type { TapPoint } from './tap-lines.ts';
import type { TapYaml } from './tap-yaml.ts';
import { maxKeptName } from './words.ts';

/** So much of what stands behind a failed test is kept, for its first words. */
const maxComments = 2_000;

/** The test at hand: what describes it, and a subtest in braces, stand behind it. */
interface OpenPoint {
  readonly point: TapPoint;
  hasBraces: boolean;
  yaml: TapYaml | null;
  comments: string;
}

/** A document or a subtest: its test points, and whether they keep its plan. */
export class TapLevel {
  plan: number | null = null;
  /** The plan stood behind the tests that it speaks of. */
  isPlannedLast = false;
  readonly #tally: Tally;
  readonly #name: string;
  /** It was announced as a subtest; what a test prints may look like one. */
  readonly #isNamed: boolean;
  #count = 0;
  #failed = 0;
  #partsMs: number | undefined;
  #wholeMs: number | undefined;
  #open: OpenPoint | null = null;
  #nextName: string | null = null;
  /** The subtest whose summary comes next. */
  #subtest: TapLevel | null = null;

  constructor(tally: Tally, name: string, isNamed = true) {
    this.#tally = tally;
    this.#name = name;
    this.#isNamed = isNamed;
  }

  get hasOpenPoint(): boolean {
    return this.#open !== null;
  }

  /** Has the test at hand a subtest in braces? */
  get hasBraces(): boolean {
    return this.#open?.hasBraces === true;
  }

  /** Was a subtest announced, by a comment or a brace? */
  get awaitsSubtest(): boolean {
    return this.#nextName !== null || this.hasBraces;
  }

  /** Are there as many tests as were planned? */
  get isOver(): boolean {
    return this.plan !== null && this.plan === this.#count + (this.#open === null ? 0 : 1);
  }

  /** In all; as it says itself, or as its tests do. */
  get durationMs(): number | undefined {
    return this.#wholeMs ?? this.#partsMs;
  }

  /** @param reason why no test is planned, where the plan says it */
  takePlan(count: number, reason: string): void {
    if (count === 0 && reason !== '') this.#tally.hasNone(reason);
    this.#finishPoint();
    if (this.plan !== null) return;
    this.plan = count;
    this.isPlannedLast = this.#count > 0;
  }

  takePoint(point: TapPoint): void {
    this.#finishPoint();
    this.#nextName = null;
    this.#open = { point, hasBraces: point.hasBraces, yaml: null, comments: '' };
  }

  describe(yaml: TapYaml): void {
    if (this.#open !== null) this.#open.yaml = yaml;
  }

  takeComment(text: string): void {
    const open = this.#open;
    if (open !== null && open.comments.length < maxComments) open.comments += `${text}\n`;
  }

  takeTime(ms: number): void {
    this.#wholeMs = ms;
  }

  nameNext(name: string): void {
    this.#finishPoint();
    this.#nextName = name;
  }

  openBraces(): void {
    if (this.#open !== null) this.#open.hasBraces = true;
  }

  closeBraces(): void {
    this.#finishPoint();
  }

  openSubtest(): TapLevel {
    if (!this.hasBraces) this.#finishPoint();
    const name = this.#open?.point.name ?? this.#nextName;
    this.#nextName = null;
    const path = [this.#name, name ?? ''].filter((part) => part !== '');
    return new TapLevel(this.#tally, path.join(' > ').slice(0, maxKeptName), name !== null);
  }

  closeSubtest(subtest: TapLevel): void {
    subtest.close();
    this.#subtest = subtest;
    this.#addMs(subtest.#partsMs);
  }

  close(): void {
    this.#finishPoint();
    if (this.plan === null) {
      if (this.#count > 0 && this.#isNamed) {
        this.#tally.differs('it has no plan: it may have been cut off');
      }
    } else if (this.plan !== this.#count) {
      this.#tally.differs(`${this.plan} tests were planned, ${this.#count} came`);
    }
  }

  #finishPoint(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const { point, yaml } = open;
    // node:test calls a test without a body to be done, and lets it pass.
    const isNode = yaml !== null && yaml.type !== '';
    const outcome =
      isNode && point.outcome === 'unexpected-pass' ? 'expected-failure' : point.outcome;
    this.#count += 1;
    if (outcome === 'failed') this.#failed += 1;
    const subtest = this.#subtest;
    this.#subtest = null;
    const hasSubtest = subtest !== null && subtest.#count > 0;
    // A subtest can fail though none of its tests did: by its plan, or by what came after them.
    const isExplained = outcome !== 'failed' || (hasSubtest && subtest.#failed > 0);
    // node:test counts a test that has subtests as a test of its own, and no suite.
    if (hasSubtest && isExplained && yaml?.type !== 'test') return;
    const durationMs = point.durationMs ?? yaml?.durationMs;
    if (!hasSubtest) this.#addMs(durationMs);
    this.#tally.add({
      name: [this.#name, point.name].filter((part) => part !== '').join(' > '),
      outcome,
      durationMs,
      message: outcome === 'passed' ? undefined : yaml?.message || point.reason || open.comments,
    });
  }

  #addMs(ms: number | undefined): void {
    if (ms !== undefined && isDuration(ms)) this.#partsMs = (this.#partsMs ?? 0) + ms;
  }
}
