import { readFileSync } from 'node:fs';
import { buildSpecSchema, journalEntrySchema } from '@weir/protocol';
import type { SlotPaths } from './paths.ts';

/** A build as its slot's runner holds it: running, or finished and not yet confirmed by the farm. */
export interface HeldBuild {
  readonly number: number;
  /** Lines in its journal. */
  readonly entries: number;
  readonly isFinished: boolean;
  /** Why it came to no result, as far as that is known. */
  readonly exception?: string | undefined;
  cancel(reason: string): void;
  /** Resolves when nothing of it runs any more. */
  readonly ended: Promise<void>;
}

/** What a slot's folder says of the build in it, whoever looks. */
export type WrittenBuild = Pick<HeldBuild, 'number' | 'entries' | 'isFinished'>;

/** Null when there is no build in the folder, or what is written of it is no use. */
export function readWrittenBuild(paths: SlotPaths): WrittenBuild | null {
  try {
    const spec = buildSpecSchema.parse(JSON.parse(readFileSync(paths.spec, 'utf8')));
    // The last line may not be written to its end.
    const lines = readFileSync(paths.journal, 'utf8').split('\n').slice(0, -1);
    const entries = lines.map((line) => journalEntrySchema.parse(JSON.parse(line)));
    if (!entries.every(({ n }, index) => n === index + 1)) return null;
    const isFinished = entries.at(-1)?.t === 'build-finished';
    return { number: spec.build, entries: entries.length, isFinished };
  } catch {
    return null;
  }
}

/**
 * What a runner that was killed left of a build that had finished: all that the farm still wants is
 * in the slot's folder. Null when there is none, or it did not come to its end.
 */
export function findFinishedBuild(paths: SlotPaths): HeldBuild | null {
  const written = readWrittenBuild(paths);
  if (written?.isFinished !== true) return null;
  return { ...written, cancel: () => {}, ended: Promise.resolve() };
}
