import { readFileSync } from 'node:fs';
import { buildSpecSchema, journalEntrySchema } from '@weir/protocol';
import type { SlotPaths } from './paths.ts';

/** A build as its slot's runner holds it: running, or finished and not yet confirmed by the farm. */
export interface HeldBuild {
  readonly number: number;
  /** Lines in its journal. */
  readonly entries: number;
  readonly isFinished: boolean;
  cancel(reason: string): void;
  /** Resolves when nothing of it runs any more. */
  readonly ended: Promise<void>;
}

/**
 * What a runner that was killed left of a build that had finished: all that the farm still wants is
 * in the slot's folder. Null when there is none, or it did not come to its end.
 */
export function findFinishedBuild(paths: SlotPaths): HeldBuild | null {
  try {
    const spec = buildSpecSchema.parse(JSON.parse(readFileSync(paths.spec, 'utf8')));
    const lines = readFileSync(paths.journal, 'utf8').trimEnd().split('\n');
    const entries = lines.map((line) => journalEntrySchema.parse(JSON.parse(line)));
    const isWhole = entries.every(({ n }, index) => n === index + 1);
    if (!isWhole || entries.at(-1)?.t !== 'build-finished') return null;
    return {
      number: spec.build,
      entries: entries.length,
      isFinished: true,
      cancel: () => {},
      ended: Promise.resolve(),
    };
  } catch {
    // No such files, or a line that was not written to its end.
    return null;
  }
}
