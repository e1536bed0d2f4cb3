/**
 * Why a transaction failed for no fault of its own: another one was in its way and it can be run
 * again, or the server is away.
 */
export type Trouble = 'conflict' | 'away';

/** Serialization failure, deadlock, and a lock that did not come in time. */
const conflicts: ReadonlySet<string> = new Set(['40001', '40P01', '55P03']);
/** The server was stopped, crashed or starts, or ended a session that was idle for too long. */
const endings: ReadonlySet<string> = new Set([
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '25P03',
  '53300',
]);
const networkErrors: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Of `pg` and its pool, which give no codes: the last three are of a server that hangs. */
const saysAway =
  /^Connection terminated|not queryable|^Query read timeout$|^timeout expired$|^timeout exceeded when trying to connect$/;

/** Undefined when it is the transaction's own fault. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  // An answer of the server, as `pg` gives it.
  if ('severity' in error) {
    if (conflicts.has(code)) return 'conflict';
    return endings.has(code) || code.startsWith('08') ? 'away' : undefined;
  }
  // Its socket in the file system is gone.
  const isSocketGone = code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect';
  if (isSocketGone || networkErrors.has(code) || saysAway.test(error.message)) {
    return 'away';
  }
  return error.cause === undefined ? undefined : troubleOf(error.cause);
}
