import { setTimeout as sleep } from 'node:timers/promises';
import { problemSchema } from '@weir/protocol';
import { z } from 'zod';

/** The admin token of the farms under test. */
export const token = 'token-of-chaos';

/** What became of something that was asked for. */
export type Answer<T> =
  | { readonly t: 'done'; readonly value: T }
  | { readonly t: 'refused'; readonly code: string }
  /** Nobody knows whether it was done. */
  | { readonly t: 'unanswered' };

const patienceMs = 30_000;
const againMs = 500;

/** The front door of a farm that may be down, frozen or slow at any moment. */
export class FarmApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Asks once. */
  async post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<Answer<T>> {
    let response: Response;
    let answer: unknown;
    try {
      response = await this.#fetch(path, { method: 'POST', body: JSON.stringify(body) });
      answer = await response.json();
    } catch {
      return { t: 'unanswered' };
    }
    if (response.ok) return { t: 'done', value: schema.parse(answer) };
    const problem = problemSchema.safeParse(answer);
    // The command may have been on its way to the engine.
    if (response.status === 503) return { t: 'unanswered' };
    return { t: 'refused', code: problem.data?.code ?? String(response.status) };
  }

  /** Asks until the farm answers. @throws Error when it refuses */
  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    return schema.parse(await this.#insist(path, (response) => response.json()));
  }

  /** Bytes, and the parts of the whole that they are where something was cut. */
  async bytes(path: string): Promise<{ bytes: Buffer; kept: string | null }> {
    return this.#insist(path, async (response) => ({
      bytes: Buffer.from(await response.arrayBuffer()),
      kept: response.headers.get('x-weir-kept-ranges'),
    }));
  }

  /** All items of a list, newest first. */
  async all<T>(path: string, schema: z.ZodType<T>): Promise<T[]> {
    const page = z.object({ items: z.array(schema), next: z.string().nullable() });
    const items: T[] = [];
    for (let next: string | null = ''; next !== null;) {
      const address: string = `${path}${path.includes('?') ? '&' : '?'}limit=200`;
      const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
      const answer = await this.get(`${address}${cursor}`, page);
      items.push(...answer.items);
      next = answer.next;
    }
    return items;
  }

  async #insist<T>(path: string, read: (response: Response) => Promise<T>): Promise<T> {
    for (const deadline = Date.now() + 10 * patienceMs; ; await sleep(againMs)) {
      try {
        const response = await this.#fetch(path, {});
        if (response.ok) return await read(response);
        if (response.status < 500) throw new RefusedError(path, response.status);
      } catch (error) {
        if (error instanceof RefusedError || Date.now() > deadline) throw error;
      }
    }
  }

  #fetch(path: string, init: RequestInit): Promise<Response> {
    return fetch(new URL(path, this.#url), {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(patienceMs),
    });
  }
}

class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(path: string, status: number) {
    super(`GET ${path} answered ${status}`);
  }
}
