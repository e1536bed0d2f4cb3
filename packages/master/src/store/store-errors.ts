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
}
