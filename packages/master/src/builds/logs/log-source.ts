import type { Range } from '@weir/protocol';
import type { LogAddress } from '../log-sink.ts';

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

/** Where the logs of a farm are read. */
export interface LogForms extends Disposable {
  /** A log in the form that it has now; an empty one when nothing was ever written of it. */
  open(log: LogAddress): Promise<LogSource>;
  /** Those of the objects, by their hashes, that hold logs. */
  objectsInUse(hashes: readonly string[]): Promise<ReadonlySet<string>>;
}

/** A log in one of its forms, as it was when it was opened. */
export interface LogSource extends AsyncDisposable {
  readonly extent: LogExtent;
  /** Some bytes from `fromByte` on; undefined when they are not here any more. */
  pieceAt(fromByte: number): Promise<LogPiece | undefined>;
  /** Where line `line` begins, counted from 0; the end of the log when there are fewer. */
  startOfLine(line: number): Promise<number>;
}

/** Nothing was ever written of it. */
export const emptyLog: LogSource = {
  extent: { printed: 0, bytes: 0, lines: 0, ranges: [], isFinished: false },
  pieceAt: async () => undefined,
  startOfLine: async () => 0,
  [Symbol.asyncDispose]: async () => {},
};
