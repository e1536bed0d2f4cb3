import { execFile } from 'node:child_process';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { builderSchema, requestSchema } from '@weir/protocol';
import type { ApiEvent } from '@weir/protocol';
import { z } from 'zod';
import type { GitRepository } from '../support/git-repository.ts';
import { weir } from '../support/weir-program.ts';
import { token } from './farm-api.ts';
import type { ChaosFarm } from './farm.ts';
import { randomOf } from './random.ts';
import type { Random } from './random.ts';

const waitingSchema = z.object({ waiting: z.number(), slots: z.number() });

/** How often each project is asked for, beside the others; those not named once. */
const weights: Readonly<Record<string, number>> = {
  slow: 5,
  lines: 4,
  bytes: 4,
  calm: 3,
  tree: 2,
  flaky: 2,
};
/** Between two looks at what to ask for. */
const everyMs = 600;
/** So much waits for each slot, so that none is idle and none of the machine's cores starves. */
const waitingPerSlot = 0.25;
const commitEveryMs = 12_000;

/** People who use the farm: they push, force, cancel, and remember what they were told. */
export class Load {
  /** Ids of requests that the farm said it has. */
  readonly acknowledged: number[] = [];
  /** Ids of builds that somebody wanted ended, whether the farm answered or not. */
  readonly cancelled = new Set<number>();
  commits = 0;
  unanswered = 0;
  readonly #farm: ChaosFarm;
  readonly #random: Random;
  readonly #running = new Set<number>();
  readonly #stopped = new AbortController();
  #people: Promise<unknown> = Promise.resolve();

  constructor(farm: ChaosFarm, seed: number) {
    this.#farm = farm;
    this.#random = randomOf(`load ${seed}`);
    farm.witness.onEvent((event) => this.#note(event));
  }

  async start(): Promise<void> {
    const builders = await this.#farm.api.all('/api/v1/builders', builderSchema);
    const names = builders.flatMap(({ name, project }) =>
      Array.from({ length: weights[project ?? ''] ?? 1 }, () => name),
    );
    this.#people = Promise.all([
      this.#repeat(everyMs, () => this.#ask(names)),
      this.#repeat(commitEveryMs, () => this.#commit()),
    ]);
  }

  /** Nobody asks for anything any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#people;
  }

  async #repeat(ms: number, act: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await act();
      await sleep(ms, undefined, { signal }).catch(() => {});
    }
  }

  async #ask(builders: readonly string[]): Promise<void> {
    const [builder, isByCli, isCancel] = [
      this.#random.pick(builders),
      this.#random.chance(0.04),
      this.#random.chance(0.03),
    ];
    if (isCancel) await this.#cancel();
    const { waiting, slots } = await this.#farm.api.get('/api/v1/farm', waitingSchema);
    if (waiting > slots * waitingPerSlot) return;
    await (isByCli ? this.#forceByCli(builder) : this.#force(builder));
  }

  async #force(builder: string): Promise<void> {
    const body = { builder, reason: 'chaos' };
    const answer = await this.#farm.api.post('/api/v1/requests', body, requestSchema);
    if (answer.t === 'done') this.acknowledged.push(answer.value.id);
    else this.unanswered += 1;
  }

  async #forceByCli(builder: string): Promise<void> {
    const args = ['force', builder, '--reason', 'chaos', '--url', this.#farm.url, '--json'];
    const { promise, resolve } = Promise.withResolvers<string>();
    const env = { ...process.env, WEIR_ADMIN_TOKEN: token };
    execFile(process.execPath, [weir, ...args], { env }, (_, stdout) => resolve(stdout));
    const said = await promise;
    if (said === '') this.unanswered += 1;
    else this.acknowledged.push(requestSchema.parse(JSON.parse(said)).id);
  }

  async #cancel(): Promise<void> {
    if (this.#running.size === 0) return;
    const build = this.#random.pick([...this.#running]);
    this.cancelled.add(build);
    await this.#farm.api.post(`/api/v1/builds/${build}/cancel`, { reason: 'chaos' }, z.unknown());
  }

  /** What is broken is mostly mended by the next push. */
  async #commit(): Promise<void> {
    const [name, repository] = this.#random.pick([...this.#farm.repositories]);
    const isOnNext = name === 'lang' && this.#random.chance(0.4);
    await repository.git('checkout', '--quiet', isOnNext ? 'next' : 'main');
    const before = await moodOf(repository);
    const isBroken = this.#random.chance(before === 'broken' ? 0.2 : 0.35);
    this.commits += 1;
    const mood = isBroken ? 'broken' : 'good';
    await repository.commit({
      message: `Change ${this.commits}: ${mood}`,
      author: `${this.#random.pick(['Ada', 'Bo', 'Cy'])} Test <dev@chaos.test>`,
      files: { mood: `${mood}\n`, change: `${this.commits}\n` },
    });
  }

  #note({ kind, subject }: ApiEvent): void {
    const build = Number(subject.slice('build/'.length));
    if (kind === 'build.started') this.#running.add(build);
    if (['build.finished', 'build.lost', 'build.cancelled'].includes(kind)) {
      this.#running.delete(build);
    }
  }
}

async function moodOf(repository: GitRepository): Promise<string> {
  return (await repository.git('show', 'HEAD:mood')).trim();
}
