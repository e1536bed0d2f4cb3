import type { Range } from '@weir/protocol';

/** How much there is of a log. Line n is what stands before the n-th line end; the last may lack its own. */
export interface LogExtent {
  /** Printed by the step, as far as it came here. */
  readonly printed: number;
  /** Kept: `ranges` together. All offsets but `printed` ones count in these bytes. */
  readonly bytes: number;
  readonly lines: number;
  /** Kept parts of what was printed, in order: one from 0 when nothing was cut. */
  readonly ranges: readonly Range[];
  readonly isFinished: boolean;
}

export interface LogPiece {
  readonly fromByte: number;
  readonly bytes: Uint8Array;
}

/** A log in one of its forms, as it was when it was opened. */
export interface LogSource extends AsyncDisposable {
  readonly extent: LogExtent;
  /** Some bytes from `fromByte` on; undefined when they are not here any more. */
  pieceAt(fromByte: number): Promise<LogPiece | undefined>;
  /** Where line `line` begins, counted from 0; the end of the log when there are fewer. */
  startOfLine(line: number): Promise<number>;
}

/** The place in what was printed of a kept byte. */
export function printedOf({ ranges }: LogExtent, byte: number): number {
  const [[, headEnd], [tailStart]] = [ranges[0] ?? [0, 0], ranges[1] ?? [0]];
  const start = ranges[0]?.[0] ?? 0;
  const inHead = start + byte;
  return ranges.length < 2 || inHead < headEnd ? inHead : inHead - headEnd + tailStart;
}

/** The place in the kept bytes of a printed one, or of the first kept one behind it. */
export function keptOf({ ranges }: LogExtent, printed: number): number {
  let before = 0;
  for (const [from, to] of ranges) {
    if (printed < to) return before + Math.max(0, printed - from);
    before += to - from;
  }
  return before;
}
