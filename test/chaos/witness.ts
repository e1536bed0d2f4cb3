import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiEvent } from '@weir/protocol';

/** After a break it reads so many events once more, to see whether they are still the same. */
const overlap = 100;

/** Reads the event log all the time, as a live page does, and remembers what it has seen. */
export class Witness {
  readonly events: ApiEvent[] = [];
  /** What must never happen: a gap, or an event that is another one than before. */
  readonly complaints: string[] = [];
  readonly #url: string;
  readonly #stopped = new AbortController();

  constructor(url: string) {
    this.#url = url;
    void this.#watch();
  }

  get last(): number {
    return this.events.at(-1)?.number ?? 0;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#read(Math.max(0, this.last - overlap)).catch(() => {});
      await sleep(200, undefined, { signal }).catch(() => {});
    }
  }

  async #read(after: number): Promise<void> {
    const { signal } = this.#stopped;
    const address = new URL(`/api/v1/events?after=${after}`, this.#url);
    const response = await fetch(address, { signal });
    if (response.body === null) return;
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    const data = /^data: ?(.*)$/m.exec(block)?.[1];
    if (data === undefined) return;
    if (/^event: ?reset$/m.test(block)) {
      this.complaints.push(`reset after event ${this.last}`);
      return;
    }
    const event = JSON.parse(data) as ApiEvent;
    const known = this.events[event.number - 1];
    if (known !== undefined) {
      if (JSON.stringify(known) === JSON.stringify(event)) return;
      this.complaints.push(
        `event ${event.number} was ${JSON.stringify(known)}, and is ${JSON.stringify(event)}`,
      );
    } else if (event.number === this.last + 1) {
      this.events.push(event);
    } else {
      this.complaints.push(`event ${event.number} came after ${this.last}`);
    }
  }
}
