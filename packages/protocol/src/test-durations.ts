/**
 * How long a test took, in one byte. 0: not known. 1: up to a tenth of a millisecond. From 2 on four
 * to the octave: `b = 2 + floor(4 * log2(ms / 0.1))`, at most 255. A bucket stands for its geometric
 * middle, `0.1 * 2 ** ((b - 1.5) / 4)` ms, which is off by a factor of at most `2 ** (1 / 8)`: 9 %.
 */
const shortestMs = 0.1;
const perOctave = 4;
const first = 2;
const last = 255;

/** @param ms null or nonsense: not known */
export function durationBucket(ms: number | null | undefined): number {
  if (ms === null || ms === undefined || !(ms >= 0)) return 0;
  if (ms <= shortestMs) return 1;
  return Math.min(last, first + Math.floor(perOctave * Math.log2(ms / shortestMs)));
}

/** Milliseconds, to two digits; null where they are not known. */
export function bucketMs(bucket: number): number | null {
  if (bucket === 0) return null;
  if (bucket === 1) return 0;
  const middle = shortestMs * 2 ** ((bucket - first + 0.5) / perOctave);
  return Number(middle.toPrecision(2));
}
