import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiEvent } from '@weir/protocol';
import { drain } from './drain.ts';
import { gather } from './evidence.ts';
import type { Evidence, PlayedFault } from './evidence.ts';
import { ChaosFarm } from './farm.ts';
import { beginFault } from './faults.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import { Load } from './load.ts';
import { offersOf } from './machine.ts';
import { faultRules, planFaults } from './plan.ts';
import type { Fault, FaultKind, Need } from './plan.ts';

export interface ChaosOptions {
  /** How long the farm is under load, and faults may come. */
  readonly minutes: number;
  /** Fixes the plan of faults. */
  readonly seed: number;
  readonly workers: number;
  readonly kinds: readonly FaultKind[];
  /** Keeps the folder in any case. */
  readonly keep: boolean;
  readonly progress: (progress: Progress) => void;
  /** Ends the run where it is, and all of its processes. */
  readonly signal: AbortSignal;
}

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

export interface Chaos extends Verdict {
  readonly seed: number;
  readonly workers: number;
  readonly plan: readonly Fault[];
  readonly played: readonly PlayedFault[];
  /** Kinds that this machine can't do. */
  readonly lacking: readonly FaultKind[];
  /** From the first process to the last; milliseconds. */
  readonly tookMs: number;
  /** Where to look; null when nothing was lost and nothing kept. */
  readonly dir: string | null;
}

/** A fault comes so often for each worker, on the average. */
const gapPerWorkerMs = 30_000;
const progressMs = 1_000;

/**
 * One whole run: a farm, its load, its faults, and what came of it.
 *
 * @throws Error when the farm does not start, or the run is aborted
 */
export async function runChaos(options: ChaosOptions): Promise<Chaos> {
  const dir = mkdtempSync('/tmp/weir-chaos-');
  const startedAt = performance.now();
  const outcome = await runIn(dir, options);
  const isKept = options.keep || outcome.losses.length > 0;
  if (!isKept) rmSync(dir, { recursive: true, force: true });
  const tookMs = performance.now() - startedAt;
  return {
    ...outcome,
    seed: options.seed,
    workers: options.workers,
    tookMs,
    dir: isKept ? dir : null,
  };
}

type Outcome = Omit<Chaos, 'seed' | 'workers' | 'tookMs' | 'dir'>;

/** Nothing of the farm but its folder outlives this. */
async function runIn(dir: string, options: ChaosOptions): Promise<Outcome> {
  const { workers, minutes, signal } = options;
  const diskBytes = (256 + minutes * 96) * 1024 * 1024;
  await using farm = await ChaosFarm.prepare({ dir, workers, offers: offersOf(), diskBytes });
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new Error('no verdict', { cause: signal.reason })),
    );
  });
  return await Promise.race([run(farm, options), aborted]);
}

async function run(farm: ChaosFarm, options: ChaosOptions): Promise<Outcome> {
  const { seed, kinds } = options;
  const lengthMs = options.minutes * 60_000;
  using report = new ProgressReport(farm, options.progress);
  await farm.start();
  const lacking = kinds.filter((kind) => !isOffered(kind, farm.offers));
  const plan = planFaults({
    seed,
    lengthMs,
    gapMs: gapPerWorkerMs / options.workers,
    workers: farm.workers.map(({ name }) => name),
    withDisk: farm.workers.filter(({ disk }) => disk !== undefined).map(({ name }) => name),
    withClock: farm.workers.filter(({ clock }) => clock !== undefined).map(({ name }) => name),
    kinds: kinds.filter((kind) => !lacking.includes(kind)),
  });
  const load = new Load(farm, seed);
  await farm.witness.until(({ kind }) => kind === 'build.finished');
  report.begin('under load');
  await load.start();
  const played = await play(farm, plan, lengthMs, () => (report.faults += 1));
  await load.stop();
  report.begin('draining');
  const open = await drain(farm);
  report.begin('judging');
  const evidence = await gather(farm, load, { faults: played, open });
  await farm.stop();
  const verdict = judge(farm, evidence);
  if (options.keep || verdict.losses.length > 0) keep(farm, evidence);
  return { ...verdict, plan, played, lacking };
}

function isOffered(kind: FaultKind, offers: ReadonlySet<Need>): boolean {
  const rule = faultRules[kind];
  return !('needs' in rule) || offers.has(rule.needs);
}

/** Plays the plan to its end; resolves when no fault is in force any more. */
async function play(
  farm: ChaosFarm,
  plan: readonly Fault[],
  lengthMs: number,
  began: () => void,
): Promise<PlayedFault[]> {
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  const underWay: Promise<PlayedFault | undefined>[] = [];
  for (const fault of plan) {
    await sleep(Math.max(0, fault.at - elapsed()));
    underWay.push(playOne(farm, fault, began));
  }
  await sleep(Math.max(0, lengthMs - elapsed()));
  return (await Promise.all(underWay)).filter((fault) => fault !== undefined);
}

/** Undefined when its victim was not there. */
async function playOne(
  farm: ChaosFarm,
  fault: Fault,
  began: () => void,
): Promise<PlayedFault | undefined> {
  const note = (what: string): void => {
    const line = { ...fault, at: new Date().toISOString(), what };
    appendFileSync(join(farm.dir, 'faults.jsonl'), `${JSON.stringify(line)}\n`);
  };
  const from = Date.now();
  const end = await beginFault(farm, fault);
  note(end === undefined ? 'missed' : 'begun');
  if (end === undefined) return undefined;
  began();
  await sleep(fault.lastsMs);
  await end();
  note('ended');
  return { ...fault, from, to: Date.now() };
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
  for (const { disk } of [farm, ...farm.workers]) {
    if (disk !== undefined) {
      cpSync(disk.dir, `${disk.dir}.kept`, { recursive: true, filter: isFile });
    }
  }
}

/** Sockets and pipes can't be copied. */
function isFile(source: string): boolean {
  return !/\/(runner\.sock|output|control\.sock)$/.test(source);
}

/** Tells, every second, how far the run is. */
class ProgressReport implements Disposable {
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
    this.#timer = setInterval(() => tell(this.#progress()), progressMs);
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
