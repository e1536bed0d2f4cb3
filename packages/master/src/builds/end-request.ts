import { isTaken } from '@weir/model';
import type { Finding, Result } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { finishRequest, requestById, requeueRequest } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';

/** A request whose second try was taken waits so long, twice as long after the third, and so on. */
const backOffMs = 5_000;
const maxBackOffMs = 300_000;

/** How a try at a request ended. */
export interface EndedTry {
  readonly requestId: number;
  readonly workerId: number;
  readonly result: Result;
  readonly finding: Finding | null;
  readonly at: number;
  /** Nobody asked for its end, and the farm file still names its builder. */
  readonly isWanted: boolean;
  /** How often a request may be tried. */
  readonly maxAttempts: number;
}

/** What became of a request after a try that infrastructure took. */
export interface Retry {
  /** How many of its tries were taken. */
  readonly attempts: number;
  /** It waits again. */
  readonly retried: boolean;
}

/**
 * Ends a request with the result of its build. One whose build infrastructure took waits again, not
 * first on the same worker, at most `maxAttempts` times in all, while it is wanted. Runs in the unit that ends the build; undefined when it was no such build.
 */
export async function endRequest(db: Kysely<Database>, end: EndedTry): Promise<Retry | undefined> {
  const { requestId, workerId, result, finding, at, isWanted, maxAttempts } = end;
  if (!isTaken(result)) {
    await finishRequest(db, requestId, { result, finding, at });
    return undefined;
  }
  const request = await requestById(db, requestId);
  const attempts = (request?.attempts ?? 0) + 1;
  const retried = isWanted && attempts < maxAttempts;
  if (retried) {
    const notBefore = attempts === 1 ? null : at + backOff(attempts);
    await requeueRequest(db, requestId, { attempts, byWorkerId: workerId, notBefore });
  } else {
    await finishRequest(db, requestId, { result, finding, at, attempts });
  }
  return { attempts, retried };
}

function backOff(attempts: number): number {
  return Math.min(maxBackOffMs, backOffMs * 2 ** (attempts - 2));
}
