import { z } from 'zod';
import { linesOf } from './lines.ts';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

const eventSchema = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  ImportPath: z.string().optional(),
  Test: z.string().optional(),
  Elapsed: z.number().optional(),
  Output: z.string().optional(),
});
type GoEvent = z.infer<typeof eventSchema>;

/** So much of what a test printed is kept while it runs, for its first words. */
const maxOutput = 2_000;
/** Of so many tests at a time; a package runs them one after another, unless they are parallel. */
const maxOpen = 100_000;
const isNoise = /^\s*(=== |--- |FAIL\b|PASS\b|ok\s)/;

/**
 * Reads `go test -json` (`go doc test2json`): one event a line, of many packages at once. A package
 * that fails without a failed test (it did not build, it panicked) is a failed test of that name.
 *
 * @throws ReportError when there is no such event in it
 */
export function readGoTest(pieces: Iterable<string>, tally: Tally): void {
  const reader = new GoReader(tally);
  for (const line of linesOf(pieces)) {
    const event = eventOf(line);
    if (event !== null) reader.take(event);
  }
  reader.end();
}

class GoReader {
  readonly #tally: Tally;
  /** What tests that run have printed, by package and test. */
  readonly #open = new Map<string, string>();
  readonly #failed = new Set<string>();
  #events = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  take({ Action, Package = '', ImportPath, Test, Elapsed, Output = '' }: GoEvent): void {
    this.#events += 1;
    const name = Test === undefined ? Package : `${Package}.${Test}`;
    const message = this.#open.get(name) ?? '';
    switch (Action) {
      case 'run':
        if (this.#open.size < maxOpen) this.#open.set(name, '');
        return;
      case 'output':
      case 'build-output': {
        const of = ImportPath ?? name;
        const before = this.#open.get(of) ?? '';
        if (before.length < maxOutput && this.#open.size < maxOpen && !isNoise.test(Output)) {
          this.#open.set(of, before + Output);
        }
        return;
      }
      case 'build-fail':
        this.#failed.add(Package);
        return this.#tally.add({
          name: ImportPath ?? name,
          outcome: 'failed',
          message: this.#open.get(ImportPath ?? ''),
        });
      case 'pass':
      case 'fail':
      case 'skip':
        this.#open.delete(name);
        if (Test === undefined) return this.#endPackage(Package, Action, message, Elapsed);
        if (Action === 'fail') this.#failed.add(Package);
        return this.#tally.add({
          name,
          outcome: Action === 'pass' ? 'passed' : Action === 'fail' ? 'failed' : 'skipped',
          message,
        });
    }
  }

  end(): void {
    if (this.#events === 0) {
      throw new ReportError('missing', "there is no line of 'go test -json' in it");
    }
  }

  #endPackage(name: string, action: string, message: string, seconds = 0): void {
    this.#tally.addDuration(seconds * 1_000);
    const [running] = [...this.#open.keys()].filter((open) => open.startsWith(`${name}.`));
    if (running !== undefined) this.#tally.differs(`${running} began, and did not end`);
    if (action === 'fail' && !this.#failed.has(name)) {
      this.#tally.add({ name, outcome: 'failed', message });
    }
  }
}

function eventOf(line: string): GoEvent | null {
  if (!line.startsWith('{')) return null;
  try {
    return eventSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
