import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { drain } from './drain.ts';
import { gather } from './evidence.ts';
import type { Evidence, PlayedFault } from './evidence.ts';
import { ChaosFarm } from './farm.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import { Load } from './load.ts';
import { offersOf } from './machine.ts';
import { faultRules, planFaults } from './plan.ts';
import type { Fault, FaultKind, Need } from './plan.ts';
import { Play } from './play.ts';
import { ProgressReport } from './progress.ts';
import type { Progress } from './progress.ts';

export interface ChaosOptions {
  /** How long the farm is under load, and faults may come. */
  readonly minutes: number;
  /** Fixes the plan of faults. */
  readonly seed: number;
  readonly workers: number;
  /** See `MastersOptions`. */
  readonly engines: number;
  readonly kinds: readonly FaultKind[];
  /** Keeps the folder in any case. */
  readonly keep: boolean;
  readonly progress: (progress: Progress) => void;
  /** Ends the run where it is, and all of its processes. */
  readonly signal: AbortSignal;
}

export interface Chaos extends Verdict {
  readonly seed: number;
  readonly workers: number;
  readonly plan: readonly Fault[];
  readonly played: readonly PlayedFault[];
  /** Kinds that this machine can't do. */
  readonly lacking: readonly FaultKind[];
  /** The longest that this process stood still: all lines pass through it. Milliseconds. */
  readonly heldUpMs: number;
  /** From the first process to the last; milliseconds. */
  readonly tookMs: number;
  /** Where to look; null when nothing was lost and nothing kept. */
  readonly dir: string | null;
}

/** A fault comes so often for each worker, on the average. */
const gapPerWorkerMs = 30_000;
const startMs = 5 * 60_000;

/** Somebody ended the run before there was a verdict. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/**
 * One whole run: a farm, its load, its faults, and what came of it. The folder stays when something
 * was lost or went wrong.
 *
 * @throws InterruptedError when the signal is aborted with one
 * @throws Error when the farm does not start, or what plays with it fails
 */
export async function runChaos(options: ChaosOptions): Promise<Chaos> {
  const { seed, workers, keep: isKept } = options;
  const dir = mkdtempSync('/tmp/weir-chaos-');
  const remove = (): void => {
    if (!isKept) rmSync(dir, { recursive: true, force: true });
  };
  const startedAt = performance.now();
  try {
    const outcome = await runIn(dir, options);
    const isOfInterest = isKept || outcome.losses.length > 0;
    if (!isOfInterest) remove();
    const tookMs = performance.now() - startedAt;
    return { ...outcome, seed, workers, tookMs, dir: isOfInterest ? dir : null };
  } catch (error) {
    if (error instanceof InterruptedError) remove();
    throw error;
  }
}

type Outcome = Omit<Chaos, 'seed' | 'workers' | 'tookMs' | 'dir'>;

/** Nothing of the farm but its folder outlives this. */
async function runIn(dir: string, options: ChaosOptions): Promise<Outcome> {
  const { workers, engines, minutes, signal } = options;
  const diskBytes = Math.ceil(192 + minutes * 16) * 1024 * 1024;
  await using farm = await ChaosFarm.prepare({
    dir,
    workers,
    engines,
    offers: offersOf(),
    diskBytes,
  });
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  return await Promise.race([run(farm, options), aborted]);
}

async function run(farm: ChaosFarm, options: ChaosOptions): Promise<Outcome> {
  const { seed, kinds } = options;
  const lengthMs = options.minutes * 60_000;
  const delay = monitorEventLoopDelay();
  using report = new ProgressReport(farm, options.progress);
  await started(farm);
  const lacking = kinds.filter((kind) => !isOffered(kind, farm.offers));
  const { engines, webs, servers } = farm.masters;
  const machines = [...engines, ...farm.workers];
  const plan = planFaults({
    seed,
    lengthMs,
    gapMs: gapPerWorkerMs / options.workers,
    victims: {
      master: namesOf(engines),
      web: namesOf(webs),
      postgres: servers === undefined ? [] : ['postgres'],
      redis: servers === undefined ? [] : ['redis'],
      worker: namesOf(farm.workers),
    },
    withDisk: namesOf(machines.filter(({ disk }) => disk !== undefined)),
    withClock: namesOf(machines.filter(({ clock }) => clock !== undefined)),
    kinds: kinds.filter((kind) => !lacking.includes(kind)),
  });
  const load = new Load(farm, seed);
  delay.enable();
  report.begin('under load');
  await load.start();
  const play = new Play(farm, () => (report.faults += 1));
  const played = await play.run(plan, lengthMs);
  await load.stop();
  delay.disable();
  report.begin('draining');
  const open = await drain(farm);
  report.begin('judging');
  const evidence = await gather(farm, load, { faults: played, open });
  await farm.stop();
  const verdict = judge(farm, evidence);
  if (options.keep || verdict.losses.length > 0) keep(farm, evidence);
  return { ...verdict, plan, played, lacking, heldUpMs: delay.max / 1e6 };
}

/** Starts the farm; resolves when it has built something. @throws Error when it does not come to that */
async function started(farm: ChaosFarm): Promise<void> {
  const patience = new AbortController();
  const built = farm
    .start()
    .then(() => farm.witness.until(({ kind }) => kind === 'build.finished'));
  const tooLong = sleep(startMs, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`the farm builds nothing: see the logs in ${farm.dir}`);
  });
  try {
    await Promise.race([built, tooLong]);
  } finally {
    tooLong.catch(() => {});
    patience.abort();
  }
}

function namesOf(of: readonly { readonly name: string }[]): string[] {
  return of.map(({ name }) => name);
}

function isOffered(kind: FaultKind, offers: ReadonlySet<Need>): boolean {
  const rule = faultRules[kind];
  return !('needs' in rule) || offers.has(rule.needs);
}

/** Writes down all that was seen, for whoever looks into it. */
function keep(farm: ChaosFarm, evidence: Evidence): void {
  const write = (name: string, items: readonly unknown[]): void => {
    const text = items.map((item) => `${JSON.stringify(item)}\n`).join('');
    writeFileSync(join(farm.dir, name), text);
  };
  write('events.jsonl', evidence.events);
  write('requests.jsonl', evidence.requests);
  write('builds.jsonl', evidence.builds);
  write('logs.jsonl', evidence.logs);
  write('mails.jsonl', evidence.receipts);
  write('deliveries.jsonl', evidence.deliveries);
  // What is on a small disk goes with it.
  for (const { disk } of [...farm.masters.engines, ...farm.workers]) {
    if (disk !== undefined) {
      cpSync(disk.dir, `${disk.dir}.kept`, { recursive: true, filter: isFile });
    }
  }
}

/** Sockets and pipes can't be copied. */
function isFile(source: string): boolean {
  return !/\/(runner\.sock|output|control\.sock)$/.test(source);
}
