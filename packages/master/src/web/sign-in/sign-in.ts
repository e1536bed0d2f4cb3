import type { Request, RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import type { Clock } from '../../clock.ts';
import type { Database } from '../../store/schema.ts';
import type { SignIn } from '../context.ts';
import { problem } from '../server/problems.ts';
import { isAdminToken } from './admin-token.ts';
import { cookieOf, csrfSentBy, sessionKeys } from './cookies.ts';
import { Failures } from './failures.ts';
import type { SessionKeys } from './session.ts';
import { csrfTokenOf, isSame, isSession, makeSession, sessionCookie } from './session.ts';

/** The only person there is as yet. */
const admin = 'admin';

/** A script that was let in just now is let in again without a look: a replaced token is good for so long. */
const stillGoodMs = 500;

type Visit =
  | { readonly by: 'token' }
  | { readonly by: 'cookie'; readonly csrfToken: string }
  | { readonly by: 'nobody' };

const nobody: Visit = { by: 'nobody' };

/** Knows who asks: by `Authorization: Bearer TOKEN`, or by the cookie of a session. */
export class AdminSignIn implements SignIn {
  readonly #db: Kysely<Database>;
  readonly #now: Clock;
  readonly #failures = new Failures();
  readonly #visits = new WeakMap<Request, Visit>();
  /** What the token was found to be right by, and when. */
  #found: { readonly keys: SessionKeys; readonly at: number } | undefined;

  constructor(db: Kysely<Database>, now: Clock) {
    this.#db = db;
    this.#now = now;
  }

  /** Stands in front of every door: who asks is known behind it. */
  readonly identify: RequestHandler = async (request, _response, next) => {
    const visit = await this.#visitOf(request);
    this.#visits.set(request, visit);
    next();
  };

  actorOf(request: Request): string | null {
    return (this.#visits.get(request) ?? nobody).by === 'nobody' ? null : admin;
  }

  csrfToken(request: Request): string | null {
    const visit = this.#visits.get(request);
    return visit?.by === 'cookie' ? visit.csrfToken : null;
  }

  readonly requireSignIn: RequestHandler = (request, _response, next) => {
    const visit = this.#visits.get(request) ?? nobody;
    if (visit.by === 'nobody') {
      throw problem('not-signed-in', 'sign in, or send the admin token as Authorization: Bearer', {
        headers: { 'www-authenticate': 'Bearer realm="weir"' },
      });
    }
    const isSafe = request.method === 'GET' || request.method === 'HEAD';
    if (visit.by === 'cookie' && !isSafe && !isSame(csrfSentBy(request), visit.csrfToken)) {
      throw problem('csrf-token-missing', 'open the page again, and send its form from there');
    }
    next();
  };

  /**
   * A session for who knows the token.
   *
   * @throws ProblemError when it is another token, or too many were wrong
   */
  async begin(token: string, address: string): Promise<string> {
    const now = this.#now();
    this.#refuseGuesser(address, now);
    return makeSession(await this.#check(token, address, now), now);
  }

  async #visitOf(request: Request): Promise<Visit> {
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      await this.#checkBearer(bearer, request.ip ?? '');
      return { by: 'token' };
    }
    const session = cookieOf(request, sessionCookie);
    const keys = session === undefined ? undefined : await sessionKeys(this.#db);
    if (session === undefined || keys === undefined) return nobody;
    if (!isSession(session, keys, this.#now())) return nobody;
    return { by: 'cookie', csrfToken: csrfTokenOf(session, keys) };
  }

  async #checkBearer(token: string, address: string): Promise<void> {
    const now = this.#now();
    this.#refuseGuesser(address, now);
    const found = this.#found;
    const isFresh = found !== undefined && now - found.at < stillGoodMs;
    if (isFresh && isAdminToken(token, found.keys.tokenHash)) return;
    this.#found = { keys: await this.#check(token, address, now), at: now };
  }

  #refuseGuesser(address: string, now: number): void {
    const waitMs = this.#failures.waitMs(address, now);
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000);
      throw problem('too-many-failures', `try again in ${seconds} s`, {
        headers: { 'retry-after': String(seconds) },
      });
    }
  }

  async #check(token: string, address: string, now: number): Promise<SessionKeys> {
    const keys = await sessionKeys(this.#db);
    if (keys !== undefined && isAdminToken(token, keys.tokenHash)) return keys;
    this.#failures.add(address, now);
    throw problem(
      'wrong-token',
      'that is not the admin token; weir master --reset-admin-token makes a new one',
      { headers: { 'www-authenticate': 'Bearer realm="weir", error="invalid_token"' } },
    );
  }
}
