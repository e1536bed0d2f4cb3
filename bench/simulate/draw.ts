/**
 * What chance says, as a function of what it is asked about: the same seed and the same question have
 * the same answer in whatever order questions come. So two orderings meet the same commits,
 * breakages and durations, and differ in nothing but their order.
 */
export interface Draw {
  /** From 0 up to and without 1. */
  uniform(topic: number, a: number, b?: number): number;
  /** Of a normal distribution with mean 0 and deviation 1. */
  normal(topic: number, a: number, b?: number): number;
}

/** What is asked about: each has draws of its own. */
export const topics = {
  interval: 1,
  poll: 2,
  usual: 3,
  duration: 4,
  fragility: 5,
  breaks: 6,
  size: 7,
  victim: 8,
  platform: 9,
  fixed: 10,
  flake: 11,
  past: 12,
  cost: 13,
} as const;

export function drawOf(seed: number): Draw {
  const uniform = (topic: number, a: number, b = 0): number =>
    mix(mix(mix(mix(seed) ^ topic) ^ a) ^ b) / 2 ** 32;
  return {
    uniform,
    normal(topic, a, b = 0) {
      // Box and Muller's transform; the second draw is another topic's.
      const radius = Math.sqrt(-2 * Math.log(1 - uniform(topic, a, b)));
      return radius * Math.cos(2 * Math.PI * uniform(topic + 1_000, a, b));
    },
  };
}

/** The finaliser of MurmurHash3: every bit of the number touches every bit of the answer. */
function mix(number: number): number {
  let hash = (number + 0x9e3779b9) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
