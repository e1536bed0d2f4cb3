import type { LogAddress, LogEnd } from '../log-sink.ts';
import type { LogRefusal } from './refused.ts';

/** To the log writer thread. */
export type LogRequest =
  | {
      readonly t: 'append';
      readonly call: number;
      readonly log: LogAddress;
      readonly capBytes: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
      readonly afterCut: boolean;
    }
  | {
      readonly t: 'position';
      readonly call: number;
      readonly log: LogAddress;
      readonly capBytes: number;
    }
  | {
      readonly t: 'finish';
      readonly call: number;
      readonly log: LogAddress;
      readonly capBytes: number;
      readonly end: LogEnd;
    }
  | {
      readonly t: 'drop';
      readonly call: number;
      readonly log: LogAddress;
      readonly capBytes: number;
    }
  | { readonly t: 'close' };

/** From the log writer thread: the answers of one commit together, and what its operator should know. */
export type LogReply =
  /** The first one: the folder is there, and what comes is stored. */
  | { readonly t: 'ready' }
  | { readonly t: 'answers'; readonly answers: readonly LogAnswer[] }
  | { readonly t: 'warning'; readonly message: string };

export type LogAnswer =
  | { readonly call: number; readonly value: unknown }
  | {
      readonly call: number;
      /** What a caller may want to tell apart. */
      readonly failure: LogRefusal | 'disk-full' | 'store-away' | undefined;
      readonly message: string;
    };
