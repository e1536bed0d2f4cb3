/** A build that ended, by what hangs on it. */
export interface EndedBuild {
  readonly id: number;
  readonly builderId: number;
  readonly requestId: number;
  readonly workerId: number;
  readonly startedAt: number;
  /** Null when no engine had a copy of it. */
  readonly upstreamCommit: string | null;
}
