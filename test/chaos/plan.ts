import { randomOf } from './random.ts';
import type { Random } from './random.ts';

/** What a fault is done to. Two faults never hold the same part of the same victim. */
type Part = 'process' | 'runner' | 'line' | 'disk' | 'clock';
/** What the machine must offer: `root` mounts small disks, `faketime` moves clocks. */
export type Need = 'root' | 'faketime';

interface FaultRule {
  readonly on: 'master' | 'web' | 'postgres' | 'redis' | 'worker' | 'mail';
  readonly part: Part;
  /** How often it comes, beside the others. */
  readonly weight: number;
  /** How long it lasts, in seconds: some spans, of which the last is rare. */
  readonly spans: readonly (readonly [number, number])[];
  readonly needs?: Need;
}

/** Two missed heartbeats and a second: a link that is silent for longer is down. */
const beyondLink = [32, 45] as const;
/** A lease, its renewal, and the time in which a detached build may come back. */
const beyondLease = [120, 200] as const;

/** Started again at once, or by somebody who had to be woken. */
const downFor = [
  [0, 1],
  [1, 6],
  [10, 40],
] as const;
/** A process or server that hangs. */
const stillFor = [
  [1, 4],
  [5, 20],
] as const;

export const faultRules = {
  'master killed': {
    on: 'master',
    part: 'process',
    weight: 5,
    spans: downFor,
  },
  'master frozen': {
    on: 'master',
    part: 'process',
    weight: 3,
    spans: [[1, 4], [5, 20], beyondLink],
  },
  'master disk full': {
    on: 'master',
    part: 'disk',
    weight: 2,
    spans: [
      [1, 4],
      [5, 15],
    ],
    needs: 'root',
  },
  'master clock jumped': {
    on: 'master',
    part: 'clock',
    weight: 2,
    spans: [[10, 60]],
    needs: 'faketime',
  },
  'web killed': {
    on: 'web',
    part: 'process',
    weight: 3,
    spans: downFor,
  },
  'web frozen': {
    on: 'web',
    part: 'process',
    weight: 2,
    spans: stillFor,
  },
  'postgres killed': {
    on: 'postgres',
    part: 'process',
    weight: 3,
    spans: [
      [0, 1],
      [1, 6],
      [10, 25],
    ],
  },
  'postgres frozen': {
    on: 'postgres',
    part: 'process',
    weight: 2,
    spans: stillFor,
  },
  'redis killed': {
    on: 'redis',
    part: 'process',
    weight: 3,
    spans: downFor,
  },
  'redis frozen': {
    on: 'redis',
    part: 'process',
    weight: 2,
    spans: stillFor,
  },
  'redis emptied': { on: 'redis', part: 'process', weight: 3, spans: [[0, 0]] },
  'agent killed': {
    on: 'worker',
    part: 'process',
    weight: 10,
    spans: [[0, 2], [3, 20], beyondLink, beyondLease],
  },
  'agent frozen': {
    on: 'worker',
    part: 'process',
    weight: 6,
    spans: [[1, 4], [5, 20], beyondLink, beyondLease],
  },
  'runner killed': { on: 'worker', part: 'runner', weight: 7, spans: [[0, 0]] },
  'runner frozen': {
    on: 'worker',
    part: 'runner',
    weight: 6,
    spans: [[1, 4], [5, 20], beyondLink],
  },
  'worker killed': {
    on: 'worker',
    part: 'process',
    weight: 4,
    spans: [
      [0, 2],
      [3, 20],
    ],
  },
  'link cut': { on: 'worker', part: 'line', weight: 12, spans: [[0, 0]] },
  'link garbled': { on: 'worker', part: 'line', weight: 10, spans: [[0, 0]] },
  'link stalled': { on: 'worker', part: 'line', weight: 6, spans: [[1, 5], [5, 25], beyondLink] },
  'link half open': { on: 'worker', part: 'line', weight: 6, spans: [[5, 20], beyondLink] },
  'link slow': { on: 'worker', part: 'line', weight: 4, spans: [[5, 30]] },
  'line down': { on: 'worker', part: 'line', weight: 6, spans: [[1, 10], [10, 30], beyondLease] },
  'worker disk full': {
    on: 'worker',
    part: 'disk',
    weight: 4,
    spans: [
      [2, 8],
      [10, 25],
    ],
    needs: 'root',
  },
  'worker clock jumped': {
    on: 'worker',
    part: 'clock',
    weight: 4,
    spans: [[10, 60]],
    needs: 'faketime',
  },
  'mail refused': { on: 'mail', part: 'process', weight: 2, spans: [[2, 15]] },
  'mail cut': { on: 'mail', part: 'process', weight: 2, spans: [[5, 20]] },
} as const satisfies Record<string, FaultRule>;

export type FaultKind = keyof typeof faultRules;
export const faultKinds = Object.keys(faultRules) as FaultKind[];

export interface Fault {
  /** Milliseconds after the first moment at which there may be one. */
  readonly at: number;
  readonly kind: FaultKind;
  /** `mail`, a server, or the name of a master, a web server or a worker. */
  readonly victim: string;
  /** How long it lasts, in milliseconds. */
  readonly lastsMs: number;
  /** Decides what else there is to decide: which slot, which byte, where a clock jumps to. */
  readonly chance: number;
}

export interface PlanOptions {
  readonly seed: number;
  /** All faults begin and end within this time. */
  readonly lengthMs: number;
  /** Milliseconds between two faults, on the average. */
  readonly gapMs: number;
  /** By what a fault may be on, but for the mail server, which every farm has. */
  readonly victims: Readonly<Record<Exclude<FaultRule['on'], 'mail'>, readonly string[]>>;
  /** Those masters and workers that have a small disk, and those whose clock can be moved. */
  readonly withDisk: readonly string[];
  readonly withClock: readonly string[];
  readonly kinds: readonly FaultKind[];
}

/**
 * So long a victim is left alone after a fault, in milliseconds: the farm must get on, or nothing is
 * at stake. A master that starts gives every build a whole lease, so it has to stay up at times
 * until one runs out.
 */
const restsMs: Readonly<Record<FaultRule['on'], readonly number[]>> = {
  master: [15_000, 15_000, 200_000],
  worker: [5_000],
  web: [5_000],
  postgres: [15_000, 60_000],
  redis: [5_000],
  mail: [5_000],
};

/** The faults of a run, in the order of their beginning. The same options give the same plan. */
export function planFaults(options: PlanOptions): Fault[] {
  const random = randomOf(`faults ${options.seed}`);
  const rules = options.kinds
    .map((kind) => ({ kind, rule: faultRules[kind] as FaultRule }))
    .filter(({ rule }) => victimsOf(rule, options).length > 0);
  /** By victim and part, when it is free again. */
  const busyUntil = new Map<string, number>();
  const faults: Fault[] = [];
  for (let at = 0; rules.length > 0;) {
    at += Math.round(-Math.log(1 - random.next()) * options.gapMs);
    if (at >= options.lengthMs) break;
    const { kind, rule } = weighted(rules, random);
    const victim = random.pick(victimsOf(rule, options));
    const lastsMs = lengthOf(rule, random);
    const chance = random.next();
    const fault = { at, kind, victim, lastsMs, chance };
    const part = partOf(fault);
    if (at < (busyUntil.get(part) ?? 0) || at + lastsMs > options.lengthMs) continue;
    busyUntil.set(part, at + lastsMs + random.pick(restsMs[rule.on]));
    faults.push(fault);
  }
  return faults;
}

/** What a fault is done to, in words: two faults of one part don't go together. */
export function partOf({ kind, victim }: Fault): string {
  return `${victim} ${faultRules[kind].part}`;
}

function weighted<T extends { readonly rule: FaultRule }>(from: readonly T[], random: Random): T {
  const total = from.reduce((sum, { rule }) => sum + rule.weight, 0);
  let left = random.next() * total;
  const found = from.find(({ rule }) => (left -= rule.weight) < 0) ?? from.at(-1);
  if (found === undefined) throw new RangeError('there are no kinds of faults');
  return found;
}

function victimsOf({ on, part }: FaultRule, options: PlanOptions): readonly string[] {
  if (on === 'mail') return [on];
  const all = options.victims[on];
  if (part === 'disk') return all.filter((name) => options.withDisk.includes(name));
  if (part === 'clock') return all.filter((name) => options.withClock.includes(name));
  return all;
}

/** Mostly short: of the spans each is three times as frequent as the next. */
function lengthOf({ spans }: FaultRule, random: Random): number {
  let index = 0;
  while (index < spans.length - 1 && random.chance(0.3)) index += 1;
  const [from, to] = spans[index] ?? [0, 0];
  return Math.round((from + random.next() * (to - from)) * 1_000);
}
