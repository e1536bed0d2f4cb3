import type { Quarantine, WorkerFacts } from '@weir/model';
import type { Machine } from './fleets.ts';

/** A worker that is always there and takes what it is given. */
export class SimulatedWorker implements WorkerFacts {
  readonly id: number;
  readonly name: string;
  readonly labels: ReadonlySet<string>;
  readonly slots: number;
  readonly online = true;
  readonly trust = 'trusted';
  readonly isProbeable = true;
  readonly paused = null;
  readonly quarantined: Quarantine | null = null;
  readonly diskFull = false;
  readonly hasArtifacts = true;
  readonly kept: ReadonlySet<string> = new Set();
  readonly failed: ReadonlySet<string> = new Set();
  #running = 0;

  constructor(id: number, { labels, slots }: Machine) {
    this.id = id;
    this.name = `worker-${id}`;
    this.labels = new Set(labels);
    this.slots = slots;
  }

  get free(): number {
    return this.slots - this.#running;
  }

  take(): void {
    if (this.free <= 0) throw new Error(`${this.name} was given a build, and has no free slot`);
    this.#running += 1;
  }

  give(): void {
    this.#running -= 1;
  }
}
