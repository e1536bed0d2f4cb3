import type { Range } from '@weir/protocol';

/** Where the bytes of logs go. Calls for one log take effect in the order in which they are made. */
export interface LogSink {
  /**
   * Stores bytes that stood at `offset` of what the step printed. Resolves after the commit, with
   * the end of what is stored, or with the offset that the sender must go back to. The bytes are the
   * sink's from then on.
   */
  append(
    log: LogAddress,
    offset: number,
    bytes: Uint8Array,
    afterCut: boolean,
  ): Promise<AppendAnswer>;
  /** The end of what is stored of a log. */
  position(log: LogAddress): Promise<number>;
  /** Resolves when there is room in the queue again, after a `log-queue-full`. */
  caughtUp(): Promise<void>;
  /** Checks the whole log and keeps it for good, or says where the sender must go back to. */
  finish(log: LogAddress, end: LogEnd): Promise<FinishAnswer>;
  /** Drops all that is stored of a log that nobody writes to any more. Again is no error. */
  drop(log: LogAddress): Promise<void>;
}

export interface LogAddress {
  readonly id: number;
  readonly file: string;
}

export interface LogEnd {
  /** Printed by the step. */
  readonly bytes: number;
  readonly ranges: readonly Range[];
  /** Of the kept bytes. */
  readonly sha256: string;
}

export type AppendAnswer = { readonly t: 'stored' | 'rewind'; readonly offset: number };
export type FinishAnswer =
  | { readonly t: 'kept'; readonly lines: number }
  | { readonly t: 'rewind'; readonly offset: number };
