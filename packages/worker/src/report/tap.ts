import { linesOf } from './lines.ts';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';
import { TapLevel } from './tap-level.ts';
import { commentMs, parseTapLine } from './tap-lines.ts';
import type { TapLine } from './tap-lines.ts';
import { TapYaml } from './tap-yaml.ts';

/** Subtests stand deeper by so many spaces. */
const levelIndent = 4;
/** Deeper is no subtest, but something that a test printed. */
const maxDepth = 50;
/** A longer line is no line of TAP, or its end says nothing. */
const maxLine = 10_000;

/**
 * Reads TAP 13 and 14 (<https://testanything.org/tap-version-14-specification.html>), with subtests as
 * Perl, node-tap and node:test write them: what stands in a subtest is counted, the line that sums it
 * up is not. A plan that is missing or not kept is a mismatch. There may be several documents one
 * after another, and `prove -v` between them. Nothing is kept but the tests at hand.
 *
 * @throws ReportError when there is no TAP in it
 */
export function readTap(pieces: Iterable<string>, tally: Tally): void {
  const reader = new TapReader(tally);
  for (const line of linesOf(pieces)) reader.take(line.slice(0, maxLine));
  if (!reader.end()) throw new ReportError('missing', 'there is no TAP in it');
}

class TapReader {
  readonly #tally: Tally;
  /** The document, the subtest in it that is open, and so on. */
  #levels: TapLevel[];
  #yaml: TapYaml | null = null;
  #isTap = false;

  constructor(tally: Tally) {
    this.#tally = tally;
    this.#levels = [new TapLevel(tally, '')];
  }

  take(line: string): void {
    const text = line.trimStart();
    const indent = line.length - text.length;
    if (this.#yaml !== null && this.#takeYaml(this.#yaml, line, text, indent)) return;
    const depth = this.#levels.length - 1;
    if (text === '---' && indent > depth * levelIndent && this.#deepest.hasOpenPoint) {
      this.#yaml = new TapYaml(indent);
      return;
    }
    if (indent % levelIndent !== 0 || indent > maxDepth * levelIndent) return;
    if (text === '{' || text === '}') return this.#takeBrace(text, indent / levelIndent);
    const tap = parseTapLine(text);
    if (tap !== null) this.#takeTap(tap, indent / levelIndent);
  }

  /** Was there any? */
  end(): boolean {
    this.#closeDocument();
    return this.#isTap;
  }

  get #deepest(): TapLevel {
    const level = this.#levels.at(-1);
    if (level === undefined) throw new Error('no level is open');
    return level;
  }

  /** @returns whether the line is part of the block, or its end */
  #takeYaml(yaml: TapYaml, line: string, text: string, indent: number): boolean {
    if (text !== '' && indent < yaml.indent) {
      this.#yaml = null;
      return false;
    }
    if (text === '...' && indent === yaml.indent) {
      this.#deepest.describe(yaml);
      this.#yaml = null;
    } else yaml.take(line);
    return true;
  }

  #takeBrace(brace: string, depth: number): void {
    const level = this.#levels[depth];
    if (brace === '{') level?.openBraces();
    else if (level?.hasBraces) {
      this.#closeBelow(depth);
      level.closeBraces();
    }
  }

  #takeTap(line: TapLine, depth: number): void {
    if (line.type === 'comment') return this.#takeComment(line.text, depth);
    if (line.type === 'subtest') return this.#takeSubtest(line.name, depth);
    this.#isTap = true;
    if (line.type === 'bail-out') return this.#tally.differs(`it bailed out: ${line.reason}`);
    if (line.type === 'version') {
      if (depth === 0) this.#closeDocument();
      return;
    }
    this.#moveTo(depth);
    if (line.type === 'plan') {
      if (depth === 0 && this.#deepest.plan !== null) this.#closeDocument();
      this.#deepest.takePlan(line.count, line.reason);
      return;
    }
    if (depth === 0 && this.#deepest.isOver) {
      // This is prove's word on the script that ends here.
      if (line.isBare) return this.#closeDocument();
      if (this.#deepest.isPlannedLast) this.#closeDocument();
    }
    this.#deepest.takePoint(line);
  }

  #takeComment(text: string, depth: number): void {
    if (depth === this.#levels.length - 1) this.#deepest.takeComment(text);
    const ms = depth === 0 ? commentMs(`# ${text}`) : undefined;
    if (ms !== undefined) this.#levels[0]?.takeTime(ms);
  }

  /** Says how the subtest that follows is called: before it, or (in older TAP) as its first line. */
  #takeSubtest(name: string, depth: number): void {
    if (depth > this.#levels.length) return;
    this.#closeBelow(depth);
    if (depth === this.#levels.length && this.#deepest.awaitsSubtest) this.#moveTo(depth);
    this.#deepest.nameNext(name);
  }

  #moveTo(depth: number): void {
    this.#closeBelow(depth);
    while (this.#levels.length <= depth) this.#levels.push(this.#deepest.openSubtest());
  }

  #closeBelow(depth: number): void {
    while (this.#levels.length - 1 > depth) {
      const subtest = this.#levels.pop();
      if (subtest !== undefined) this.#deepest.closeSubtest(subtest);
    }
  }

  #closeDocument(): void {
    this.#closeBelow(0);
    this.#deepest.close();
    this.#tally.addDuration(this.#deepest.durationMs);
    this.#levels = [new TapLevel(this.#tally, '')];
  }
}
