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
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Undefined when it is the transaction's own fault. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  // An answer of the server, as `pg` gives it.
  if ('severity' in error) {
    if (conflicts.has(code)) return 'conflict';
    return endings.has(code) || code.startsWith('08') ? 'away' : undefined;
  }
  if (networkErrors.has(code) || /^Connection terminated|not queryable/.test(error.message)) {
    return 'away';
  }
  return error.cause === undefined ? undefined : troubleOf(error.cause);
}
