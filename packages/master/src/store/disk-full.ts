/** There was no room on the disk for what was to be written: nothing of it was. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
  readonly code = 'disk-full';

  constructor(options?: ErrorOptions) {
    super("the farm's disk is full", options);
  }
}

/** SQLITE_FULL, and SQLITE_IOERR_SHMSIZE: no room for the index of the write-ahead log. */
const fullCodes: readonly unknown[] = [13, 4874];
/** Of the file system, and of PostgreSQL. */
const fullErrors: readonly unknown[] = ['ENOSPC', 'EDQUOT', '53100'];

/** Whether this error of SQLite or of the file system says that the disk is full. */
export function saysDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ('errcode' in error && fullCodes.includes(error.errcode)) ||
    ('code' in error && fullErrors.includes(error.code))
  );
}
