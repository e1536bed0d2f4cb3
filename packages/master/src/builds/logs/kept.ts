import type { Range } from '@weir/protocol';
import type { LogEnd } from '../log-sink.ts';
import { LogRefusedError } from './refused.ts';

/** What the cap takes in the end: the bytes from `from` to `to`; the same number twice when nothing. */
export interface Omission {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the end of a log as what lies outside of its kept ranges.
 *
 * @throws LogRefusedError when no cap leaves such ranges, or they hold more than the cap allows
 */
export function omissionOf({ bytes, ranges }: LogEnd, capBytes: number): Omission {
  const [first, second, ...more] = ranges;
  const isOrdered = ranges.every(
    ([from, to], index) => from < to && from >= (ranges[index - 1]?.[1] ?? 0),
  );
  const reaches = ranges.at(-1)?.[1] ?? bytes;
  if (!isOrdered || more.length > 0 || reaches !== bytes) {
    throw new LogRefusedError(
      'log-ranges',
      `a log of ${bytes} bytes can't keep ${JSON.stringify(ranges)}`,
    );
  }
  const kept = keptBytes(ranges);
  if (kept > capBytes) {
    throw new LogRefusedError('log-cap', `a log of ${kept} bytes is over its cap of ${capBytes}`);
  }
  if (first === undefined) return { from: 0, to: bytes };
  if (second === undefined) return { from: 0, to: first[0] };
  if (first[0] !== 0) {
    throw new LogRefusedError('log-ranges', `a log that is cut twice: ${JSON.stringify(ranges)}`);
  }
  return { from: first[1], to: second[0] };
}

export function keptBytes(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** The kept parts of what was printed, in order; at most two. */
interface Kept {
  readonly ranges: readonly Range[];
}

/** The place in what was printed of a kept byte. */
export function printedOf({ ranges }: Kept, byte: number): number {
  const [[, headEnd], [tailStart]] = [ranges[0] ?? [0, 0], ranges[1] ?? [0]];
  const start = ranges[0]?.[0] ?? 0;
  const inHead = start + byte;
  return ranges.length < 2 || inHead < headEnd ? inHead : inHead - headEnd + tailStart;
}

/** The place in the kept bytes of a printed one, or of the first kept one behind it. */
export function keptOf({ ranges }: Kept, printed: number): number {
  let before = 0;
  for (const [from, to] of ranges) {
    if (printed < to) return before + Math.max(0, printed - from);
    before += to - from;
  }
  return before;
}
