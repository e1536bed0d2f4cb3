import type { Request, RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import type { Clock } from '../../clock.ts';
import type { Database } from '../../store/schema.ts';
import { problem } from '../server/problems.ts';
import { cookieOf, csrfSentBy, sessionKeys } from './cookies.ts';
import {
  csrfTokenOf,
  isSame,
  makeOwnerLink,
  makeOwnerSession,
  ownerCookie,
  ownerInSession,
  ownerLinkEnd,
} from './session.ts';

interface OwnerVisit {
  readonly worker: string;
  readonly csrfToken: string;
}

/** Uses up what is good once, and until a time; false when it was used before. */
export type Spend = (what: string, until: number) => Promise<boolean>;

/** Knows who came by the link of a worker's owner: that worker's owner, and nobody else's. */
export class OwnerSignIn {
  readonly #db: Kysely<Database>;
  readonly #now: Clock;
  readonly #spend: Spend;
  readonly #visits = new WeakMap<Request, OwnerVisit>();

  constructor(db: Kysely<Database>, now: Clock, spend: Spend) {
    this.#db = db;
    this.#now = now;
    this.#spend = spend;
  }

  /** A code that `begin` takes once, within ten minutes. */
  async makeCode(worker: string): Promise<string> {
    const keys = await sessionKeys(this.#db);
    if (keys === undefined) throw problem('store-away', 'the farm has not begun yet');
    return makeOwnerLink(keys, worker, this.#now());
  }

  /** Whether what a worker's machine signed comes for the first time. */
  isNew(signature: string, until: number): Promise<boolean> {
    return this.#spend(`signature ${signature}`, until);
  }

  /** Stands in front of every page. */
  readonly identify: RequestHandler = async (request, _response, next) => {
    const session = cookieOf(request, ownerCookie);
    const keys = session === undefined ? undefined : await sessionKeys(this.#db);
    if (session !== undefined && keys !== undefined) {
      const worker = ownerInSession(session, keys, this.#now());
      const csrfToken = csrfTokenOf(session, keys);
      if (worker !== undefined) this.#visits.set(request, { worker, csrfToken });
    }
    next();
  };

  /** What stands in the forms of this worker's owner; null for anybody else. */
  csrfToken(request: Request, worker: string): string | null {
    const visit = this.#visits.get(request);
    return visit?.worker === worker ? visit.csrfToken : null;
  }

  /** Refuses whoever is not the owner of the worker `:name`, and a POST from another site's page. */
  readonly requireOwner: RequestHandler = (request, _response, next) => {
    const csrfToken = this.csrfToken(request, String(request.params['name']));
    if (csrfToken === null) {
      throw problem(
        'not-the-owner',
        "on the worker's machine, 'node weir-worker.mjs status' shows a link for its owner",
      );
    }
    if (!isSame(csrfSentBy(request), csrfToken)) {
      throw problem('csrf-token-missing', 'open the page again, and send its form from there');
    }
    next();
  };

  /** A session for who has the code. @throws ProblemError when it is none, or was used */
  async begin(code: string, worker: string): Promise<string> {
    const now = this.#now();
    const keys = await sessionKeys(this.#db);
    const end = keys && ownerLinkEnd(code, keys, worker, now);
    if (keys === undefined || end === undefined || !(await this.#spend(`link ${code}`, end))) {
      throw problem(
        'owner-link-spent',
        "the link was used, or is older than ten minutes: 'node weir-worker.mjs status' makes a new one",
      );
    }
    return makeOwnerSession(keys, worker, now);
  }
}
