import { setTimeout as sleep } from 'node:timers/promises';
import { get, patiently } from './api.ts';
import { startFarm } from './farm.ts';
import type { ChaosFarm } from './farm.ts';
import type { Heal } from './faults.ts';
import { inject, signal } from './faults.ts';
import {
  findLeftovers,
  judgeBuilds,
  judgeCrashes,
  judgeEvents,
  judgeMails,
  judgeRequests,
} from './judges.ts';
import { Load } from './load.ts';
import type { Fault, FaultKind } from './plan.ts';
import { planFaults } from './plan.ts';
import { Witness } from './witness.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly lengthMs: number;
  readonly workers: number;
  /** Those alone, instead of all. */
  readonly kinds?: readonly FaultKind[];
  /** Ends it early; nothing is left behind. */
  readonly signal?: AbortSignal;
  /** Called now and then with what goes on. */
  readonly progress?: (text: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  /** By kind: faults that met a victim. */
  readonly faults: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly losses: readonly string[];
  /** Where the farm's folder is, if it was kept. */
  readonly dir: string | null;
}

/** A farm that makes no headway for so long will not end by itself. */
const stuckMs = 180_000;

/** Runs a farm under load and faults, lets it come to rest, and judges what it did. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, lengthMs, workers, kinds, progress = () => {} } = options;
  const { signal: ended = new AbortController().signal } = options;
  progress(`starting a farm of ${workers} workers`);
  const farm = await startFarm(workers);
  const losses: string[] = [];
  const counts: Record<string, number> = {};
  const faults: Record<string, number> = {};
  try {
    const witness = new Witness(farm.url);
    const load = new Load(farm, seed);
    const loading = load.run();
    await disturb(farm, planFaults(seed, lengthMs, kinds), {
      lengthMs,
      faults,
      witness,
      progress,
      ended,
    });
    load.stop();
    await loading;
    progress('faults are over; waiting for the farm to come to rest');
    losses.push(...(await settle(farm, witness, { progress, ended })));
    const judgements = [
      await judgeRequests(farm, witness, load.promised),
      await judgeBuilds(farm),
      await judgeEvents(farm, witness),
      await judgeMails(farm),
      judgeCrashes(farm),
    ];
    witness.stop();
    for (const judgement of judgements) {
      losses.push(...judgement.losses);
      Object.assign(counts, judgement.counts);
    }
    farm.keep = losses.length > 0;
  } finally {
    await farm[Symbol.asyncDispose]();
  }
  losses.push(...(await leftovers(farm.dir)));
  return { seed, faults, counts, losses, dir: farm.keep ? farm.dir : null };
}

interface Disturbance {
  readonly lengthMs: number;
  readonly faults: Record<string, number>;
  readonly witness: Witness;
  readonly progress: (text: string) => void;
  readonly ended: AbortSignal;
}

/** Goes through the plan, and takes back all of it at the end. */
async function disturb(
  farm: ChaosFarm,
  plan: readonly Fault[],
  { lengthMs, faults, witness, progress, ended }: Disturbance,
): Promise<void> {
  const begin = performance.now();
  const pending = new Set<Heal>();
  for (const fault of plan) {
    await sleep(Math.max(0, begin + fault.at - performance.now()), undefined, { signal: ended });
    const seconds = Math.round((performance.now() - begin) / 1_000);
    progress(`${seconds} s of ${lengthMs / 1_000}, event ${witness.last}: ${fault.kind}`);
    const heal = inject(farm, fault);
    if (heal === null) continue;
    faults[fault.kind] = (faults[fault.kind] ?? 0) + 1;
    pending.add(heal);
    setTimeout(() => {
      if (pending.delete(heal)) heal();
    }, fault.ms).unref();
  }
  await sleep(Math.max(0, begin + lengthMs - performance.now()), undefined, { signal: ended });
  for (const heal of pending) heal();
}

/** Waits until nothing waits or runs any more, and all is told. What stayed, if it is stuck. */
async function settle(
  farm: ChaosFarm,
  witness: Witness,
  { progress, ended }: Pick<Disturbance, 'progress' | 'ended'>,
): Promise<string[]> {
  for (let { last } = witness, at = performance.now(); ;) {
    const left = await patiently(() => whatIsLeft(farm));
    const { event } = await patiently(() => farmFacts(farm));
    if (left === '' && witness.last >= event) return [];
    progress(`event ${witness.last}: ${left}`);
    if (witness.last !== last) [last, at] = [witness.last, performance.now()];
    if (performance.now() - at > stuckMs) return [`no headway for ${stuckMs / 1_000} s: ${left}`];
    await sleep(1_000, undefined, { signal: ended });
  }
}

function farmFacts({
  url,
}: ChaosFarm): Promise<{ event: number; waiting: number; slotsBusy: number }> {
  return get(new URL('/api/v1/farm', url));
}

async function whatIsLeft(farm: ChaosFarm): Promise<string> {
  const { waiting, slotsBusy } = await farmFacts(farm);
  const count = async (path: string): Promise<number> =>
    (await get<{ items: unknown[] }>(new URL(path, farm.url))).items.length;
  const claimed = await count('/api/v1/requests?state=claimed&limit=200');
  const unsent = await count('/api/v1/deliveries?state=waiting&limit=200');
  const gathering = (
    await get<{ items: { state: string }[] }>(new URL('/api/v1/notices?limit=200', farm.url))
  ).items.filter(({ state }) => state === 'gathering').length;
  const parts = [
    [waiting, 'requests wait'],
    [claimed, 'are claimed'],
    [slotsBusy, 'builds run'],
    [gathering, 'notices gather'],
    [unsent, 'mails wait'],
  ] as const;
  return parts
    .filter(([left]) => left > 0)
    .map(([left, words]) => `${left} ${words}`)
    .join(', ');
}

/** The farm was told to end: nothing of it may run a moment later. What does is ended here. */
async function leftovers(dir: string): Promise<string[]> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline;) {
    if (findLeftovers(dir).length === 0) return [];
    await sleep(200);
  }
  return findLeftovers(dir).map(({ pid, command }) => {
    signal(pid, 'SIGKILL');
    return `process ${pid} was left behind: ${command}`;
  });
}
