import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { readReport } from '../../packages/worker/src/report/read-report.ts';
import { percentile, Report, round } from '../measures.ts';

/** How one build of a suite differs from the build before it, beside the durations of all tests. */
interface Change {
  readonly name: string;
  /** Tests that begin or cease to fail. */
  readonly turned: number;
  readonly added: number;
}

const changes: readonly Change[] = [
  { name: 'same', turned: 0, added: 0 },
  { name: 'turned', turned: 50, added: 0 },
  { name: 'grown', turned: 0, added: 5 },
];

/**
 * M11: what the lists of all tests take in the farm's store, build by build: JUnit XML with durations
 * to a millisecond, log-normal, each off by a tenth or so from build to build; a twentieth is skipped.
 */
export async function m11Tests(name: string, tests: number, builds: number): Promise<void> {
  const report = new Report('weir', name, { tests, builds });
  for (const change of changes) {
    const dir = mkdtempSync(join(tmpdir(), 'weir-m11-'));
    try {
      const { first, later, seconds } = storeBuilds(dir, tests, builds, change);
      report.emit(`m11.store_kb_per_build.${change.name}`, later / 1_000, 'kB', {
        first_kb: round(first / 1_000, 1),
        read_and_listed_s: round(percentile(seconds, 50), 2),
      });
    } finally {
      rmSync(dir, { recursive: true });
    }
  }
}

/** Bytes that the first build brought, and on average each of those after it. */
function storeBuilds(
  dir: string,
  tests: number,
  builds: number,
  { turned, added }: Change,
): { first: number; later: number; seconds: number[] } {
  const suite = new Suite(tests);
  const objects = join(dir, 'objects');
  const sizes: number[] = [];
  const seconds: number[] = [];
  for (let build = 0; build < builds; build++) {
    if (build > 0) suite.change(turned, added);
    writeFileSync(join(dir, 'report.xml'), suite.junit());
    const begin = performance.now();
    const spec = { format: 'junit', files: ['report.xml'] } as const;
    readReport({
      spec: { ...spec, files: [...spec.files] },
      workspace: dir,
      spool: '',
      objects,
      maxBytes: 1e9,
    });
    seconds.push((performance.now() - begin) / 1_000);
    sizes.push(sizeOf(objects));
  }
  const [first = 0] = sizes;
  return { first, later: ((sizes.at(-1) ?? 0) - first) / (builds - 1), seconds };
}

function sizeOf(objects: string): number {
  return readdirSync(objects).reduce((sum, name) => sum + statSync(join(objects, name)).size, 0);
}

class Suite {
  readonly #tests: { readonly name: string; readonly ms: number; state: string }[] = [];
  #seed = 7;

  constructor(count: number) {
    for (let n = 0; n < count; n++) this.#add();
  }

  change(turned: number, added: number): void {
    for (let n = 0; n < turned; n++) {
      const test = this.#tests[Math.floor(this.#random() * this.#tests.length)];
      if (test !== undefined) test.state = test.state === 'failure' ? '' : 'failure';
    }
    for (let n = 0; n < added; n++) this.#add();
  }

  junit(): string {
    const cases = this.#tests.map(({ name, ms, state }, n) => {
      const seconds = ((ms * Math.exp(this.#gauss() / 10)) / 1_000).toFixed(3);
      const words = state === 'failure' ? `assert ${n} == ${n + 1}` : 'needs a network';
      const child = state === '' ? '' : `<${state} message="${words}"/>`;
      return `<testcase classname="suite.test_${n % 400}" name="${name}" time="${seconds}">${child}</testcase>`;
    });
    return `<testsuite>${cases.join('\n')}</testsuite>`;
  }

  #add(): void {
    const n = this.#tests.length;
    const name = `test_${(n * 7_919) % 1_000}_of_case_${n}`;
    const state = this.#random() < 0.05 ? 'skipped' : '';
    this.#tests.push({ name, ms: Math.exp(1 + 2 * this.#gauss()), state });
  }

  /** The same numbers each time: a linear congruential generator, with the constants of C's. */
  #random(): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return this.#seed / 2 ** 31;
  }

  /** Box and Muller. */
  #gauss(): number {
    const radius = Math.sqrt(-2 * Math.log(this.#random() + 1e-12));
    return radius * Math.cos(2 * Math.PI * this.#random());
  }
}
