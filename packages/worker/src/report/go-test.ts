import { z } from 'zod';
import { linesOf } from './lines.ts';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

const eventSchema = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  ImportPath: z.string().optional(),
  FailedBuild: z.string().optional(),
  Test: z.string().optional(),
  Elapsed: z.number().optional(),
  Output: z.string().optional(),
});
type GoEvent = z.infer<typeof eventSchema>;

/** So much of what a test printed is kept while it runs, for its first words. */
const maxOutput = 2_000;
/** Of so many tests, packages and builds at a time; a package runs one test after another, mostly. */
const maxOpen = 100_000;
/** What `go test` prints itself, about what its events tell. */
const isNoise = /^\s*(?:=== |--- |FAIL\b|PASS\b|ok\s|exit status |# )/;
/** How Go before 1.24 tells of a package that did not build, in a line that is no event. */
const brokenPackage = /^FAIL\s+(?<name>\S+) \[(?:build|setup) failed\]$/;

interface OpenTest {
  output: string;
  /** What a test prints may come before it begins, or when it has ended. */
  isRunning: boolean;
}

interface OpenPackage {
  readonly tests: Map<string, OpenTest>;
  output: string;
  hasFailures: boolean;
}

/**
 * Reads `go test -json` (`go doc test2json`): one event a line, of many packages at once. A package
 * that fails without a failed test (it did not build, it panicked) is a failed test of that name; a
 * test that began and did not end has failed.
 *
 * @throws ReportError when there is no such event in it
 */
export function readGoTest(pieces: Iterable<string>, tally: Tally): void {
  const reader = new GoReader(tally);
  for (const line of linesOf(pieces)) {
    const event = eventOf(line);
    if (event !== null) reader.take(event);
    const broken = brokenPackage.exec(line)?.groups?.['name'];
    if (broken !== undefined) reader.takeBroken(broken);
  }
  reader.end();
}

class GoReader {
  readonly #tally: Tally;
  readonly #packages = new Map<string, OpenPackage>();
  /** What failed builds printed, by import path, until a package says that it failed by one. */
  readonly #builds = new Map<string, { output: string; isFailed: boolean }>();
  #events = 0;
  #open = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  take(event: GoEvent): void {
    this.#events += 1;
    const { Action, Package, ImportPath, Test, Output = '' } = event;
    if (Action === 'build-output' || Action === 'build-fail') {
      return this.#takeBuild(ImportPath ?? '', Action, Output);
    }
    if (Package === undefined) return;
    const around = this.#packageOf(Package);
    switch (Action) {
      case 'run':
        if (Test !== undefined) this.#testOf(around, Test).isRunning = true;
        return;
      case 'output':
        if (isNoise.test(Output)) return;
        keepOutput(Test === undefined ? around : this.#testOf(around, Test), Output);
        return;
      case 'pass':
      case 'fail':
      case 'skip':
        if (Test === undefined) this.#endPackage(Package, around, event);
        else this.#endTest(around, event);
    }
  }

  /** A package that did not build. */
  takeBroken(name: string): void {
    this.#events += 1;
    this.#tally.add({ name, outcome: 'failed', message: 'it did not build' });
  }

  end(): void {
    if (this.#events === 0) {
      throw new ReportError('missing', "there is no line of 'go test -json' in it");
    }
    for (const [name, { output, isFailed }] of this.#builds) {
      if (isFailed) this.#tally.add({ name, outcome: 'failed', message: output });
    }
    for (const [name, around] of this.#packages) {
      const [test] = this.#failRunning(name, around);
      this.#tally.differs(
        `${test === undefined ? name : `${name}.${test}`} began, and did not end`,
      );
    }
  }

  #takeBuild(path: string, action: string, output: string): void {
    const known = this.#builds.get(path) ?? { output: '', isFailed: false };
    if (action === 'build-fail') known.isFailed = true;
    else if (!isNoise.test(output)) keepOutput(known, output);
    if (this.#builds.size < maxOpen) this.#builds.set(path, known);
  }

  #packageOf(name: string): OpenPackage {
    const known = this.#packages.get(name);
    if (known !== undefined) return known;
    const opened = { tests: new Map<string, OpenTest>(), output: '', hasFailures: false };
    if (this.#packages.size < maxOpen) this.#packages.set(name, opened);
    return opened;
  }

  #testOf({ tests }: OpenPackage, name: string): OpenTest {
    const known = tests.get(name);
    if (known !== undefined) return known;
    const opened = { output: '', isRunning: false };
    if (this.#open < maxOpen) {
      tests.set(name, opened);
      this.#open += 1;
    }
    return opened;
  }

  #endTest(around: OpenPackage, { Action, Package = '', Test = '', Elapsed }: GoEvent): void {
    const message = around.tests.get(Test)?.output;
    if (around.tests.delete(Test)) this.#open -= 1;
    if (Action === 'fail') around.hasFailures = true;
    this.#tally.add({
      name: `${Package}.${Test}`,
      outcome: Action === 'pass' ? 'passed' : Action === 'fail' ? 'failed' : 'skipped',
      durationMs: Elapsed === undefined ? undefined : Elapsed * 1_000,
      message,
    });
  }

  #endPackage(name: string, around: OpenPackage, { Action, Elapsed = 0, FailedBuild }: GoEvent) {
    this.#packages.delete(name);
    this.#open -= around.tests.size;
    this.#tally.addDuration(Elapsed * 1_000);
    this.#passBenchmarks(name, around, Action);
    const running = this.#failRunning(name, around);
    if (running.length > 0) this.#tally.differs(`${name}.${running[0]} began, and did not end`);
    if (Action !== 'fail') return;
    const build = this.#builds.get(FailedBuild ?? '');
    this.#builds.delete(FailedBuild ?? '');
    if (!around.hasFailures && running.length === 0) {
      this.#tally.add({ name, outcome: 'failed', message: build?.output ?? around.output });
    }
  }

  /** Tests that began and will not end. */
  #failRunning(name: string, { tests }: OpenPackage): string[] {
    const running = runningIn(tests);
    for (const test of running) {
      const message = tests.get(test)?.output;
      this.#tally.add({ name: `${name}.${test}`, outcome: 'failed', message });
    }
    return running;
  }

  /** No event says that a benchmark has ended. */
  #passBenchmarks(name: string, { tests }: OpenPackage, action: string): void {
    if (action !== 'pass') return;
    for (const test of runningIn(tests)) {
      if (!test.startsWith('Benchmark')) continue;
      tests.delete(test);
      this.#tally.add({ name: `${name}.${test}`, outcome: 'passed' });
    }
  }
}

function runningIn(tests: ReadonlyMap<string, OpenTest>): string[] {
  return [...tests].filter(([, { isRunning }]) => isRunning).map(([name]) => name);
}

function keepOutput(to: { output: string }, output: string): void {
  if (to.output.length < maxOutput) to.output += output;
}

function eventOf(line: string): GoEvent | null {
  if (!line.startsWith('{')) return null;
  try {
    return eventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
