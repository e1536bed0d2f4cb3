import type { BuilderFacts } from '@weir/model';

/** What happened, counted. */
export class Tally {
  requests = 0;
  superseded = 0;
  triggers = 0;
  rounds = 0;
  /** Processor time that the product's matching took. */
  decidingMs = 0;
  builds = 0;
  runtimes = 0;
  slotMs = 0;
  mostWaiting = 0;
  /** The end of the last build. */
  endedAt = 0;
  mostBuildsPerMinute = 0;
  #minute = 0;
  #inMinute = 0;

  built({ kind }: BuilderFacts, durationMs: number, now: number): void {
    const minute = Math.floor(now / 60_000);
    this.#inMinute = minute === this.#minute ? this.#inMinute + 1 : 1;
    this.#minute = minute;
    this.mostBuildsPerMinute = Math.max(this.mostBuildsPerMinute, this.#inMinute);
    this.endedAt = now;
    this.builds += 1;
    if (kind === 'runtime') this.runtimes += 1;
    this.slotMs += durationMs;
  }

  waits(count: number): void {
    this.mostWaiting = Math.max(this.mostWaiting, count);
  }
}
