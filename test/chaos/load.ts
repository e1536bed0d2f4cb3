import { setTimeout as sleep } from 'node:timers/promises';
import { post } from './api.ts';
import type { ChaosFarm } from './farm.ts';
import { commitMode } from './farm.ts';
import { randomOf } from './plan.ts';
import { projects } from './scripts.ts';

/** So many forced requests are written a minute for each worker. */
const requestsPerWorker = 4;
const commitEveryMs = 45_000;

/** Keeps the farm busy: people force builds, and the language moves, to the worse and back. */
export class Load {
  readonly #farm: ChaosFarm;
  readonly #random: () => number;
  readonly #stopped = new AbortController();
  /** Ids of requests that the farm said it has written. */
  readonly promised: number[] = [];
  commits = 0;

  constructor(farm: ChaosFarm, seed: number) {
    this.#farm = farm;
    this.#random = randomOf(seed ^ 0x5eed);
  }

  async run(): Promise<void> {
    await Promise.all([this.#force(), this.#commit()]);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #force(): Promise<void> {
    const { url, workers } = this.#farm;
    const everyMs = 60_000 / (requestsPerWorker * workers.length);
    while (await this.#wait(2 * everyMs * this.#random())) {
      const project = projects[Math.floor(this.#random() * projects.length)];
      const body = { builder: `lang/main/${project?.name}/here`, reason: 'chaos' };
      const written = await post(new URL('/api/v1/requests', url), body);
      if (written !== undefined) this.promised.push(written.id);
    }
  }

  async #commit(): Promise<void> {
    for (let mode: 'good' | 'bad' = 'bad'; await this.#wait(commitEveryMs);) {
      await commitMode(this.#farm.lang, mode);
      this.commits += 1;
      mode = mode === 'bad' ? 'good' : 'bad';
    }
  }

  /** False when the load is over. */
  async #wait(ms: number): Promise<boolean> {
    const { signal } = this.#stopped;
    await sleep(ms, undefined, { signal }).catch(() => {});
    return !signal.aborted;
  }
}
