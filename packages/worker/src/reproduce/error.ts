/** A build can't be run again here; the message says why, and what to do. */
export class ReproduceError extends Error {
  override readonly name = 'ReproduceError';
}

/** The command line makes no sense: exit status 2. */
export class ReproduceUsageError extends Error {
  override readonly name = 'ReproduceUsageError';
}
