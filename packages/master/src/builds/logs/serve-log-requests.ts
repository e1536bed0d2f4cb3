import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { saysDiskFull } from '../../store/disk-full.ts';
import { StoreAwayError } from '../../store/store-errors.ts';
import type { AppendAnswer, FinishAnswer, LogAddress, LogEnd } from '../log-sink.ts';
import { LogRefusedError } from './refused.ts';
import type { LogAnswer, LogReply, LogRequest } from './thread-messages.ts';

/** What a log writer thread does for the engine: see `LogSink`. */
export interface LogKeeping {
  append(
    log: LogAddress,
    offset: number,
    bytes: Uint8Array,
    options: { afterCut: boolean; capBytes: number },
  ): Promise<AppendAnswer>;
  position(log: LogAddress, capBytes: number): Promise<number>;
  finish(log: LogAddress, end: LogEnd, capBytes: number): Promise<FinishAnswer>;
  drop(log: LogAddress): Promise<void>;
  /** Stores what waits, and lets go of everything. */
  close(): Promise<void>;
}

/** Answers what the engine asks until it says that this was all. */
export function serveLogRequests(port: MessagePort, keeping: LogKeeping): void {
  let answers: LogAnswer[] = [];
  port.postMessage({ t: 'ready' } satisfies LogReply);
  port.on('message', (request: LogRequest) => {
    if (request.t === 'close') {
      void close();
      return;
    }
    const { call } = request;
    perform(keeping, request).then(
      (value) => answer({ call, value }),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        answer({ call, failure: failureOf(error), message });
      },
    );
  });

  /** Gathers what is known in this turn: a commit answers many calls at once. */
  function answer(one: LogAnswer): void {
    answers.push(one);
    if (answers.length > 1) return;
    queueMicrotask(() => {
      port.postMessage({ t: 'answers', answers } satisfies LogReply);
      answers = [];
    });
  }

  async function close(): Promise<void> {
    await keeping.close();
    // The last answers are posted first.
    await nextTurn();
    port.close();
  }
}

function perform(
  keeping: LogKeeping,
  request: Exclude<LogRequest, { t: 'close' }>,
): Promise<unknown> {
  const { log, capBytes } = request;
  switch (request.t) {
    case 'append': {
      const { offset, bytes, afterCut } = request;
      return keeping.append(log, offset, bytes, { afterCut, capBytes });
    }
    case 'position':
      return keeping.position(log, capBytes);
    case 'finish':
      return keeping.finish(log, request.end, capBytes);
    case 'drop':
      return keeping.drop(log);
  }
}

function failureOf(error: unknown): Extract<LogAnswer, { message: string }>['failure'] {
  if (error instanceof LogRefusedError) return error.code;
  if (error instanceof StoreAwayError) return error.code;
  return saysDiskFull(error) ? 'disk-full' : undefined;
}
