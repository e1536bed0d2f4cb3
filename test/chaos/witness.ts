import { setTimeout as sleep } from 'node:timers/promises';
import { eventSchema } from '@weir/protocol';
import type { ApiEvent } from '@weir/protocol';
import { EventReader } from '../support/server-sent-events.ts';
import type { ReceivedEvent } from '../support/server-sent-events.ts';

/** An event, and when it was seen for the first time. */
export interface Sighting {
  readonly at: number;
  readonly event: ApiEvent;
}

/** What the event log did that it must not. */
export interface Contradiction {
  readonly number: number;
  readonly text: string;
}

/** So far back a witness that lost its stream reads again what it saw. */
const againFrom = 50;
/** A stream that says nothing for so long is given up; the farm's own sign of life is more frequent. */
const silenceMs = 45_000;
const pauseMs = 200;

/**
 * Reads the farm's event log live, all of the time, as any program may, and remembers every word:
 * what was once seen must stay so, whatever was killed in between.
 */
export class Witness implements AsyncDisposable {
  /** By number, from 1 on. */
  readonly #seen: Sighting[] = [];
  readonly #contradictions: Contradiction[] = [];
  readonly #url: string;
  readonly #abort = new AbortController();
  readonly #reading: Promise<void>;
  readonly #listeners = new Set<(event: ApiEvent) => void>();

  constructor(url: string) {
    this.#url = url;
    this.#reading = this.#readAll();
  }

  get sightings(): readonly Sighting[] {
    return this.#seen;
  }

  get contradictions(): readonly Contradiction[] {
    return this.#contradictions;
  }

  /** Calls back for each event that is seen for the first time. */
  onEvent(listener: (event: ApiEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves when such an event was seen, now or before. */
  async until(isIt: (event: ApiEvent) => boolean): Promise<void> {
    if (this.#seen.some(({ event }) => isIt(event))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = (event: ApiEvent): void => {
      if (isIt(event)) resolve();
    };
    this.#listeners.add(listener);
    await promise;
    this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await this.#read(Math.max(0, this.#seen.length - againFrom));
      } catch {
        // The master is down, or was killed just now.
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  async #read(after: number): Promise<void> {
    const address = new URL(`/api/v1/events?after=${after}`, this.#url);
    await using reader = await EventReader.open(address.href);
    const close = (): void => void reader[Symbol.asyncDispose]();
    this.#abort.signal.addEventListener('abort', close);
    const silence = setTimeout(close, silenceMs);
    try {
      for (let next = after + 1; ; next += 1) {
        const received = await reader.next();
        if (received === undefined || !this.#expect(next, received)) return;
        silence.refresh();
      }
    } finally {
      clearTimeout(silence);
      this.#abort.signal.removeEventListener('abort', close);
    }
  }

  /** False when there is no sense in reading on. */
  #expect(next: number, { event: type, data }: ReceivedEvent): boolean {
    if (type === 'reset') {
      this.#contradict(next, `the farm knows nothing of event ${next}, and sent a reset`);
      return false;
    }
    const event = eventSchema.parse(JSON.parse(data));
    if (event.number !== next) {
      this.#contradict(next, `event ${event.number} came where ${next} was next`);
      return false;
    }
    this.#take(event);
    return true;
  }

  #take(event: ApiEvent): void {
    const known = this.#seen[event.number - 1]?.event;
    if (known === undefined) {
      this.#seen.push({ at: Date.now(), event });
      for (const listener of this.#listeners) listener(event);
    } else if (JSON.stringify(known) !== JSON.stringify(event)) {
      const was = JSON.stringify(known);
      this.#contradict(event.number, `was ${was}, and is ${JSON.stringify(event)}`);
    }
  }

  #contradict(number: number, text: string): void {
    this.#contradictions.push({ number, text });
  }
}
