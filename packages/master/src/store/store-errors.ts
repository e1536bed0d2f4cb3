/** Another engine has the store. */
export class StoreInUseError extends Error {
  override readonly name = 'StoreInUseError';
  readonly code = 'store-in-use';
}

/** A restore was interrupted: what is there is no whole store. */
export class StoreHalfRestoredError extends Error {
  override readonly name = 'StoreHalfRestoredError';
  readonly code = 'store-half-restored';
}

/** The database server could not be reached, or ended, and did not come back in time. */
export class StoreAwayError extends Error {
  override readonly name = 'StoreAwayError';
  readonly code = 'store-away';

  /** For what a query failed with. */
  static of(cause: unknown): StoreAwayError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new StoreAwayError(`the database server is away: ${why}`, { cause });
  }
}
