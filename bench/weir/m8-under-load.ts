import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { cpuSeconds, percentile, Report, round } from '../measures.ts';
import { BenchFarm } from './bench-farm.ts';
import type { Begun } from './no-op-worker.ts';
import { NoOpWorker } from './no-op-worker.ts';

export interface UnderLoad {
  readonly rounds: number;
  readonly viewers: number;
  /** Builds a second, over all workers. */
  readonly rate: number;
  /** How long each phase is measured. */
  readonly seconds: number;
}

/** What one phase was like. Times are milliseconds. */
interface Phase {
  readonly claimToStart: readonly number[];
  readonly readyToStart: readonly number[];
  readonly logAck: readonly number[];
  /** Processors that the master and the load used. */
  readonly processors: number;
  readonly pages: number;
}

const projects = Array.from({ length: 40 }, (_, n) => `p${n}`);
const workerCount = 8;
const historyBuilds = 400;
const logEveryMs = 50;
/** From the start of a load to when it is measured. */
const settleMs = 3_000;

/**
 * M8: what many viewers cost the builds. A farm at a steady rate of builds that do nothing, and one
 * that prints all the time; timed at the workers' end while viewers load the heaviest pages as fast
 * as they can, and while processes of the same priority burn as much processor time.
 */
export async function m8UnderLoad(name: string, options: UnderLoad): Promise<void> {
  const { rounds, viewers, seconds } = options;
  const steps = Object.fromEntries(projects.map((project) => [project, 'true']));
  await using farm = await BenchFarm.create({ steps });
  const report = new Report('weir', name, { ...options, builders: projects.length + 1 });
  await farm.startMaster();
  await farm.cancelFirstRequests();
  using work = await Work.begin(farm, options);
  const log = farm.store.newestLog().id;
  const pages = ['/', '/console', `/builders/lang/main/p0/here`, `/logs/${log}`];

  const alone = await work.phase(() => []);
  const busy: Phase[] = [];
  const beside: Phase[] = [];
  for (let n = 0; n < rounds; n++) {
    const viewed = await work.phase(() => [child('viewers', farm.url, viewers, ...pages)]);
    const share = Math.max(0.01, (viewed.processors - alone.processors) / 2);
    busy.push(viewed);
    beside.push(await work.phase(() => [child('burner', share), child('burner', share)]));
  }

  const used = {
    pages_per_s: busy.map((phase) => round(phase.pages / seconds, 0)),
    processors_alone: round(alone.processors, 2),
    processors: busy.map(({ processors }) => round(processors, 2)),
    processors_beside_burners: beside.map(({ processors }) => round(processors, 2)),
  };
  const emit = (metric: string, rank: number, of: (phase: Phase) => readonly number[]): void => {
    const rankOf = (phase: Phase): number => round(percentile(of(phase), rank), 2);
    const [ours, burnt] = [busy.map(rankOf), beside.map(rankOf)];
    const more = { alone: rankOf(alone), each: ours, each_beside_burners: burnt };
    const value = percentile(ours, 50);
    report.emit(`m8.${metric}_ms_p${rank}`, value, 'ms', { ...more, ...used });
    report.emit(`m8.${metric}_p${rank}_rise`, value / percentile(burnt, 50), 'times', more);
  };
  for (const rank of [50, 99]) {
    emit('claim_to_start', rank, ({ claimToStart }) => claimToStart);
    emit('ready_to_start', rank, ({ readyToStart }) => readyToStart);
    emit('log_ack', rank, ({ logAck }) => logAck);
  }
}

/** A farm with some history, and what goes on in it. */
class Work implements Disposable {
  readonly #farm: BenchFarm;
  readonly #options: UnderLoad;
  readonly #workers: NoOpWorker[] = [];
  #streamer: NoOpWorker | undefined;
  #acknowledged: number[] = [];

  private constructor(farm: BenchFarm, options: UnderLoad) {
    this.#farm = farm;
    this.#options = options;
  }

  static async begin(farm: BenchFarm, options: UnderLoad): Promise<Work> {
    const work = new Work(farm, options);
    await work.#force(1);
    const streamer = await NoOpWorker.join(farm, 'streamer');
    work.#streamer = streamer;
    // A worker's first build is the runtime that the others need.
    await streamer.end(await streamer.begin());
    const printing = await streamer.begin();
    await work.#force(historyBuilds);
    for (let n = 0; n < workerCount; n++) {
      const worker = await NoOpWorker.join(farm, `w${n}`);
      work.#workers.push(worker);
      await worker.end(await worker.begin());
    }
    const each = async (worker: NoOpWorker): Promise<void> => {
      for (let n = 0; n < historyBuilds / workerCount; n++) await worker.end(await worker.begin());
    };
    await Promise.all(work.#workers.map(each));
    streamer.stream(printing, logEveryMs, (ms) => work.#acknowledged.push(ms));
    return work;
  }

  /** Measures under the load of these child processes, and ends them. */
  async phase(startLoad: () => ChildProcess[]): Promise<Phase> {
    const { rate, seconds } = this.#options;
    await this.#force(Math.ceil(rate * seconds));
    const load = startLoad();
    await sleep(settleMs);
    const pids = [this.#farm.pid, ...load.map(({ pid }) => pid ?? 0)];
    const used = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const before = used();
    this.#acknowledged = [];
    const end = performance.now() + seconds * 1_000;
    const everyMs = (1_000 * workerCount) / rate;
    const begun = await Promise.all(
      this.#workers.map(async (worker, place) => {
        await sleep((everyMs * place) / workerCount);
        return steadily(worker, everyMs, end);
      }),
    );
    const logAck = this.#acknowledged;
    const processors = (used() - before) / seconds;
    let pages = 0;
    for (const process of load) pages += await endLoad(process);
    return { ...this.#times(begun.flat()), logAck, processors, pages };
  }

  #times(begun: readonly Begun[]): Pick<Phase, 'claimToStart' | 'readyToStart'> {
    const claims = this.#farm.store.rows(
      `select subject, at from event where kind = 'build.started'`,
    );
    const claimedAt = new Map(claims.map(({ subject, at }) => [subject, Number(at)]));
    return {
      claimToStart: begun.map(
        ({ build, startAt }) => startAt - (claimedAt.get(`build/${build}`) ?? Number.NaN),
      ),
      readyToStart: begun.map(({ readyAt, startAt }) => startAt - readyAt),
    };
  }

  async #force(requests: number): Promise<void> {
    for (let n = 0; n < requests; n++) await this.#farm.force(projects[n % projects.length] ?? '');
  }

  [Symbol.dispose](): void {
    this.#streamer?.[Symbol.dispose]();
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }
}

/** A build each `everyMs`, or as soon as there is one, until the end. */
async function steadily(worker: NoOpWorker, everyMs: number, end: number): Promise<Begun[]> {
  const begun: Begun[] = [];
  for (
    let next = performance.now();
    next < end;
    next = Math.max(next + everyMs, performance.now())
  ) {
    await sleep(Math.max(0, next - performance.now()));
    const build = await worker.begin();
    begun.push(build);
    await worker.end(build);
  }
  return begun;
}

const toldSchema = z.object({ pages: z.number() });

function child(script: 'viewers' | 'burner', ...args: (string | number)[]): ChildProcess {
  return fork(fileURLToPath(new URL(`./${script}.ts`, import.meta.url)), args.map(String));
}

/** Has a child end. Gives how many pages it has seen. */
async function endLoad(process: ChildProcess): Promise<number> {
  if (process.exitCode !== null) throw new Error(`the load ended with ${process.exitCode}`);
  const told = once(process, 'message');
  const exited = once(process, 'exit');
  process.send('end');
  const [message] = (await told) as [unknown];
  await exited;
  return toldSchema.parse(message).pages;
}
