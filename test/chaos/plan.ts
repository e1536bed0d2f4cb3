/** What chaos does to a farm, each to one victim, for so long. */
export const faultKinds = [
  'kill master',
  'kill agent',
  'kill runner',
  'restart master',
  'freeze master',
  'freeze agent',
  'freeze runner',
  'cut links',
  'garble link',
  'stall link',
  'fill disk of master',
  'fill disk of worker',
  'jump clock',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds after the beginning. */
  readonly at: number;
  /** How long it lasts, in milliseconds; 0 for what happens in a moment. */
  readonly ms: number;
  /** From 0 up to 1: which of those that there are at that moment. */
  readonly victim: number;
  /** From -1 to 1: how far a clock jumps. */
  readonly size: number;
}

/** How often each kind comes, and how long it lasts at most. */
const habits: Readonly<Record<FaultKind, { weight: number; maxMs: number }>> = {
  'kill master': { weight: 12, maxMs: 5_000 },
  'kill agent': { weight: 12, maxMs: 180_000 },
  'kill runner': { weight: 8, maxMs: 0 },
  'restart master': { weight: 3, maxMs: 0 },
  'freeze master': { weight: 4, maxMs: 40_000 },
  'freeze agent': { weight: 6, maxMs: 150_000 },
  'freeze runner': { weight: 6, maxMs: 45_000 },
  'cut links': { weight: 10, maxMs: 0 },
  'garble link': { weight: 10, maxMs: 0 },
  'stall link': { weight: 8, maxMs: 45_000 },
  'fill disk of master': { weight: 3, maxMs: 8_000 },
  'fill disk of worker': { weight: 4, maxMs: 15_000 },
  'jump clock': { weight: 3, maxMs: 0 },
};

/** A fault comes so often, on average. */
const everyMs = 2_500;

/** The same seed gives the same faults at the same moments; what they meet is chance. */
export function planFaults(
  seed: number,
  lengthMs: number,
  kinds: readonly FaultKind[] = faultKinds,
): Fault[] {
  const random = randomOf(seed);
  const total = kinds.reduce((sum, kind) => sum + habits[kind].weight, 0);
  const faults: Fault[] = [];
  for (let at = 0; ;) {
    at += Math.round(2 * everyMs * random());
    const kind = pick(kinds, random() * total);
    // Most are short, few are long.
    const ms = Math.round(habits[kind].maxMs * random() ** 3);
    const fault = { kind, at, ms, victim: random(), size: 2 * random() - 1 };
    if (at >= lengthMs) return faults;
    faults.push(fault);
  }
}

function pick(kinds: readonly FaultKind[], point: number): FaultKind {
  let left = point;
  for (const kind of kinds) {
    left -= habits[kind].weight;
    if (left < 0) return kind;
  }
  throw new RangeError('the point lies behind the last kind');
}

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32, by Tommy Ettinger). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
