import { eventSchema } from '@weir/protocol';
import type { ApiEvent } from '@weir/protocol';

interface Waiting {
  readonly kind: string;
  readonly wanted: Partial<ApiEvent>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly after: number;
  resolve(event: ApiEvent): void;
}

/** Reads a farm's event log as a program outside would, from the first event on, and waits for events. */
export class EventWatch {
  readonly all: ApiEvent[] = [];
  readonly #abort = new AbortController();
  readonly #waiting = new Set<Waiting>();

  constructor(url: string) {
    void this.#read(url);
  }

  /** The first event after number `after` of this kind, with this subject and data; seen already or to come. */
  until(
    kind: string,
    wanted: { subject?: string; data?: Readonly<Record<string, unknown>>; after?: number } = {},
  ): Promise<ApiEvent> {
    const { subject, data = {}, after = 0 } = wanted;
    const filter = { kind, data, after, wanted: subject === undefined ? {} : { subject } };
    const seen = this.all.find((event) => matches(event, filter));
    if (seen !== undefined) return Promise.resolve(seen);
    const { promise, resolve } = Promise.withResolvers<ApiEvent>();
    const waiting = { ...filter, resolve };
    this.#waiting.add(waiting);
    void promise.then(() => this.#waiting.delete(waiting));
    return promise;
  }

  /** The newest event's number. */
  get last(): number {
    return this.all.at(-1)?.number ?? 0;
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(url: string): Promise<void> {
    try {
      const response = await fetch(new URL('/api/v1/events?after=0', url), {
        signal: this.#abort.signal,
      });
      if (response.body === null) return;
      let text = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  #take(block: string): void {
    const data = block.split('\n').find((line) => line.startsWith('data: '));
    if (data === undefined) return;
    const event = eventSchema.safeParse(JSON.parse(data.slice(6)));
    if (!event.success) return;
    this.all.push(event.data);
    for (const waiting of this.#waiting) {
      if (matches(event.data, waiting)) waiting.resolve(event.data);
    }
  }
}

function matches(event: ApiEvent, waiting: Omit<Waiting, 'resolve'>): boolean {
  const { kind, wanted, data, after } = waiting;
  if (event.number <= after || event.kind !== kind) return false;
  if (wanted.subject !== undefined && event.subject !== wanted.subject) return false;
  return Object.entries(data).every(([key, value]) => event.data[key] === value);
}
