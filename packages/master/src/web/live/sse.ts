import { once } from 'node:events';
import type { Response } from 'express';

/** A reader that takes nothing for so long is cut. */
const stalledMs = 30_000;
const keepAliveMs = 15_000;

export interface ServerSentEvent {
  /** Absent: a client that comes back does so where it was before. */
  readonly id?: number;
  /** Absent: `message`. */
  readonly event?: string;
  /** One line. */
  readonly data: string;
}

/**
 * Server-sent events to one client. Nothing is buffered for it beyond what it was just given: `send`
 * resolves when the client took it, and ends the stream when it does not.
 */
export class EventStream {
  readonly #response: Response;
  readonly #ended = new AbortController();
  readonly #keepAlive: NodeJS.Timeout;

  constructor(response: Response) {
    this.#response = response;
    response.on('close', () => this.#ended.abort());
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // nginx would hold events back.
      'x-accel-buffering': 'no',
    });
    // A first line at once, so that the client knows that it is connected; it tries again after 2 s.
    response.write('retry: 2000\n\n');
    this.#keepAlive = setInterval(() => {
      if (!response.writableNeedDrain) response.write(': still here\n\n');
    }, keepAliveMs);
    this.signal.addEventListener('abort', () => clearInterval(this.#keepAlive));
  }

  /** Aborted when the client is gone, or the stream was ended. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  async send(events: readonly ServerSentEvent[]): Promise<void> {
    if (this.signal.aborted || events.length === 0) return;
    const text = events
      .map(({ id, event, data }) => {
        const place = id === undefined ? '' : `id: ${id}\n`;
        const name = event === undefined ? '' : `event: ${event}\n`;
        return `${place}${name}data: ${data}\n\n`;
      })
      .join('');
    if (this.#response.write(text)) return;
    const timeout = AbortSignal.timeout(stalledMs);
    try {
      await once(this.#response, 'drain', { signal: AbortSignal.any([timeout, this.signal]) });
    } catch {
      this.cut();
    }
  }

  /** Ends the stream in order. */
  end(): void {
    this.#response.end();
    this.#ended.abort();
  }

  /** Breaks the connection: the client is too slow, and comes back where it was. */
  cut(): void {
    this.#response.destroy();
    this.#ended.abort();
  }

  /** Resolves when the promise does, or the client is gone. */
  async wait(promise: Promise<void>): Promise<void> {
    if (this.signal.aborted) return;
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const stop = (): void => resolve();
    this.signal.addEventListener('abort', stop);
    await Promise.race([promise, gone]);
    // Taken away again: a stream may wait a million times.
    this.signal.removeEventListener('abort', stop);
  }
}
