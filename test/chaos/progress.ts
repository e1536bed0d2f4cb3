import type { ApiEvent } from '@weir/protocol';
import type { ChaosFarm } from './farm.ts';

export interface Progress {
  readonly phase: 'starting' | 'under load' | 'draining' | 'judging';
  /** Since the phase began; milliseconds. */
  readonly elapsedMs: number;
  readonly faults: number;
  readonly builds: number;
  readonly running: number;
  readonly detached: number;
  readonly lost: number;
  readonly events: number;
  readonly mails: number;
  readonly contradictions: number;
}

const everyMs = 1_000;

/** Tells, every second, how far the run is. */
export class ProgressReport implements Disposable {
  faults = 0;
  #phase: Progress['phase'] = 'starting';
  #since = performance.now();
  readonly #farm: ChaosFarm;
  readonly #timer: NodeJS.Timeout;
  /** Builds by their request. */
  readonly #running = new Map<string, string>();
  readonly #detached = new Set<string>();
  #builds = 0;
  #lost = 0;

  constructor(farm: ChaosFarm, tell: (progress: Progress) => void) {
    this.#farm = farm;
    farm.witness.onEvent((event) => this.#note(event));
    this.#timer = setInterval(() => tell(this.#progress()), everyMs);
  }

  begin(phase: Progress['phase']): void {
    this.#phase = phase;
    this.#since = performance.now();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #progress(): Progress {
    const { witness, mailbox } = this.#farm;
    return {
      phase: this.#phase,
      elapsedMs: performance.now() - this.#since,
      faults: this.faults,
      builds: this.#builds,
      running: this.#running.size,
      detached: this.#detached.size,
      lost: this.#lost,
      events: witness.sightings.length,
      mails: mailbox.receipts.length,
      contradictions: witness.contradictions.length,
    };
  }

  #note({ kind, subject, data }: ApiEvent): void {
    if (kind === 'build.started') this.#running.set(`request/${String(data['request'])}`, subject);
    // It never began: nothing remains of it but this.
    if (kind === 'request.declined') this.#running.delete(subject);
    if (kind === 'build.detached') this.#detached.add(subject);
    if (kind === 'build.attached') this.#detached.delete(subject);
    if (!['build.finished', 'build.lost', 'build.cancelled'].includes(kind)) return;
    this.#running.delete(`request/${String(data['request'])}`);
    this.#detached.delete(subject);
    this.#builds += 1;
    if (kind === 'build.lost') this.#lost += 1;
  }
}
