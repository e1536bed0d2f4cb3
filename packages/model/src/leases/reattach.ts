import type { BuildState, Result } from '@weir/protocol';

/** What the farm knows of a build that a worker says it has. */
export interface KnownBuild {
  readonly workerId: number;
  readonly state: BuildState;
  readonly result: Result | null;
  readonly epoch: number;
  /** Something of it came after it was given up, up to its end. */
  readonly hasLateResult: boolean;
}

export type Reattachment = 'continue' | 'abort' | 'upload-only';

/**
 * What becomes of a build that a worker names when it connects. What still runs goes on; what was
 * given up meanwhile is ended, and what there is of it kept as evidence; what the farm has whole,
 * or never gave this worker, is dropped there.
 */
export function reattachment(
  build: KnownBuild | undefined,
  reported: { workerId: number; epoch: number },
): Reattachment {
  if (build === undefined || build.workerId !== reported.workerId) return 'abort';
  // An epoch that was never given out is one of another store, which this one was restored over.
  if (reported.epoch > build.epoch) return 'abort';
  if (build.state !== 'finished') return 'continue';
  return build.result === 'lost' && !build.hasLateResult ? 'upload-only' : 'abort';
}
