import { randomBytes } from 'node:crypto';

const lifetimeMs = 10 * 60_000;
/** Whoever holds a worker's key can ask for more; the oldest goes then. */
const maxLinks = 1_000;

/**
 * Codes that each make one visitor the owner of one worker, once and within ten minutes. They are
 * kept in memory alone: a farm that restarts has forgotten them.
 */
export class OwnerLinks {
  readonly #links = new Map<string, { worker: string; endsAt: number }>();

  make(worker: string, now: number): string {
    const code = randomBytes(18).toString('base64url');
    this.#links.set(code, { worker, endsAt: now + lifetimeMs });
    const [oldest] = this.#links.keys();
    if (this.#links.size > maxLinks && oldest !== undefined) this.#links.delete(oldest);
    return code;
  }

  /** Whether the code is good for this worker; from then on it is not. */
  use(code: string, worker: string, now: number): boolean {
    const link = this.#links.get(code);
    if (link?.worker !== worker) return false;
    this.#links.delete(code);
    return link.endsAt > now;
  }
}
