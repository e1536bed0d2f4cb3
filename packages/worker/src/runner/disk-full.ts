const codes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];
/** What git and other programs say then. */
const words = /No space left on device|Disk quota exceeded/;

/** Whether an error says that there was no room on the disk. */
export function saysDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && codes.includes(error.code)) || words.test(error.message);
}

/** With less room than this, hardly anything can be written. */
const leastBytes = 256 * 1024;

/** Whether a disk is full, by what `statfs` says of it. */
export function isFull({ bavail, bsize }: { bavail: number; bsize: number }): boolean {
  return bavail * bsize < leastBytes;
}

/** An error in one line for the build's page. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return saysDiskFull(error) ? `the worker's disk is full: ${text}` : text;
}
