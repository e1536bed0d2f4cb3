/** A build that ended, by what hangs on it. */
export interface EndedBuild {
  readonly builderId: number;
  readonly requestId: number;
  readonly workerId: number;
  readonly startedAt: number;
}
