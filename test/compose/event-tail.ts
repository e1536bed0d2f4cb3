import { setTimeout as delay } from 'node:timers/promises';
import { eventSchema } from '@weir/protocol';
import type { ApiEvent } from '@weir/protocol';

/** Reads a farm's event log to its end and on, also when whoever serves it is killed meanwhile. */
export class EventTail implements Disposable {
  readonly all: ApiEvent[] = [];
  /** What ends when there are more. */
  #more = Promise.withResolvers<void>();
  readonly #abort = new AbortController();

  constructor(url: string) {
    void this.#follow(url);
  }

  get last(): number {
    return this.all.at(-1)?.number ?? 0;
  }

  /** The first that is wanted, seen already or to come. */
  async find(isWanted: (event: ApiEvent) => boolean): Promise<ApiEvent> {
    for (;;) {
      const found = this.all.find(isWanted);
      if (found !== undefined) return found;
      await this.#more.promise;
    }
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }

  async #follow(url: string): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await this.#read(new URL(`/api/v1/events?after=${this.last}`, url), signal);
      } catch {
        // Somebody on the way was killed.
      }
      await delay(100);
    }
  }

  async #read(url: URL, signal: AbortSignal): Promise<void> {
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) return;
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = `${text}${chunk}`.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    const data = block.split('\n').find((line) => line.startsWith('data: '));
    const event = data === undefined ? undefined : eventSchema.safeParse(JSON.parse(data.slice(6)));
    if (event?.success !== true) return;
    this.all.push(event.data);
    this.#more.resolve();
    this.#more = Promise.withResolvers<void>();
  }
}
