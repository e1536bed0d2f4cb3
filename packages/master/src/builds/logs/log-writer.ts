import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { defaultLogCapBytes } from '@weir/protocol';
import { stderrLog } from '../../log.ts';
import { DiskFullError } from '../../store/disk-full.ts';
import { StoreAwayError } from '../../store/store-errors.ts';
import { threadLimits } from '../../thread-limits.ts';
import type { AppendAnswer, FinishAnswer, LogAddress, LogEnd, LogSink } from '../log-sink.ts';
import { LogRefusedError } from './refused.ts';
import type { LogAnswer, LogReply, LogRequest } from './thread-messages.ts';

export interface LogWriterOptions {
  /** The cap of a log, as builds are told it now; a log keeps the cap that it began with. Default 256 MiB. */
  capBytes?: () => number;
  /** Hears of a log that could not be packed, and the like. Default: standard error. */
  warn?: (message: string) => void;
  /** Bytes that may wait for their commit before more are refused. Default 256 MiB. */
  maxQueuedBytes?: number;
}

/**
 * Starts the log writer thread of a farm whose store is a file.
 *
 * @param dir where the log files are; made when it is not there
 * @throws Error when the folder or a log file in it can't be used
 */
export function openLogWriter(dir: string, options: LogWriterOptions = {}): Promise<LogWriter> {
  return startLogWriter(new URL('./writer-thread.ts', import.meta.url), { dir }, options);
}

/**
 * Starts another kind of log writer thread.
 *
 * @param main the module that `serveLogRequests` in the thread
 * @param workerData what that is given
 */
export async function startLogWriter(
  main: URL,
  workerData: unknown,
  {
    capBytes = () => defaultLogCapBytes,
    warn = (message) => stderrLog().warn(message),
    maxQueuedBytes = 256 * 1024 * 1024,
  }: LogWriterOptions,
): Promise<LogWriter> {
  const thread = new Worker(main, {
    name: 'log writer',
    workerData,
    resourceLimits: threadLimits,
  });
  // Its first message; rejects with the error that ended the thread instead.
  await once(thread, 'message');
  return new LogWriter(thread, { capBytes, warn, maxQueuedBytes });
}

/** The header of a frame is before its bytes. */
const maxBesideBytes = 64;

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

type Ask = LogRequest extends infer R
  ? R extends { call: number }
    ? Omit<R, 'call' | 'capBytes'>
    : never
  : never;

/**
 * The log store as the engine sees it: calls go to the log writer thread, which commits those that
 * wait together. There is one in the whole farm for a folder.
 *
 * @example
 * await using logs = await openLogWriter(join(dataDir, 'logs'), { capBytes: () => farm.limits.logBytes });
 * await logs.append({ id: 7, file: logFileOf(Date.now()) }, 0, bytes, false);
 */
export class LogWriter implements LogSink, AsyncDisposable {
  readonly #options: Required<LogWriterOptions>;
  readonly #thread: Worker;
  readonly #calls = new Map<number, Call>();
  readonly #ended: Promise<void>;
  readonly #failed = Promise.withResolvers<Error>();
  #lastCall = 0;
  #queuedBytes = 0;
  #isClosed = false;
  #caughtUp = Promise.withResolvers<void>();
  #failure: Error | undefined;

  constructor(thread: Worker, options: Required<LogWriterOptions>) {
    this.#options = options;
    this.#thread = thread;
    this.#thread.on('message', (reply: LogReply) => this.#receive(reply));
    this.#thread.on('error', (error) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#ended = new Promise((resolve) => {
      this.#thread.once('exit', () => {
        this.#end();
        resolve();
      });
    });
  }

  /** Resolves when the thread ended though nobody asked it to: nothing that is printed can be stored any more. */
  get failed(): Promise<Error> {
    return this.#failed.promise;
  }

  /**
   * See `LogSink`. Takes `bytes` away from the caller when their buffer holds hardly anything else.
   *
   * @throws LogRefusedError `log-queue-full` when the disk is too slow for what comes in,
   *   `log-finished` when bytes come behind the end of a finished log
   */
  async append(
    log: LogAddress,
    offset: number,
    bytes: Uint8Array,
    afterCut: boolean,
  ): Promise<AppendAnswer> {
    const size = bytes.length;
    if (this.#queuedBytes + size > this.#options.maxQueuedBytes) {
      throw new LogRefusedError(
        'log-queue-full',
        `${this.#queuedBytes} log bytes wait to be stored`,
      );
    }
    const owned = ownBuffer(bytes);
    this.#queuedBytes += size;
    const answer = this.#ask({ t: 'append', log, offset, bytes: owned, afterCut }, [owned.buffer]);
    return (await answer.finally(() => {
      this.#queuedBytes -= size;
      if (this.#queuedBytes > this.#options.maxQueuedBytes / 2) return;
      this.#caughtUp.resolve();
      this.#caughtUp = Promise.withResolvers();
    })) as AppendAnswer;
  }

  /** Resolves when half of the queue is free; asked for when it is full. */
  caughtUp(): Promise<void> {
    return this.#caughtUp.promise;
  }

  async position(log: LogAddress): Promise<number> {
    return (await this.#ask({ t: 'position', log })) as number;
  }

  /**
   * See `LogSink`. A finished log may be finished again with the same end.
   *
   * @throws LogRefusedError `log-cap` and `log-ranges` for an end that no sender that keeps to the
   *   cap comes to, `log-finished` for another end than it was finished with
   */
  async finish(log: LogAddress, { bytes, ranges, sha256 }: LogEnd): Promise<FinishAnswer> {
    return (await this.#ask({ t: 'finish', log, end: { bytes, ranges, sha256 } })) as FinishAnswer;
  }

  async drop(log: LogAddress): Promise<void> {
    await this.#ask({ t: 'drop', log });
  }

  /** Stores what waits, and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure === undefined) this.#thread.postMessage({ t: 'close' } satisfies LogRequest);
    this.#isClosed = true;
    this.#failure ??= new Error('the log writer is closed');
    await this.#ended;
  }

  #ask(ask: Ask, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call = ++this.#lastCall;
    this.#calls.set(call, { resolve, reject });
    this.#thread.postMessage({ ...ask, call, capBytes: this.#options.capBytes() }, transfer);
    return promise;
  }

  #receive(reply: LogReply): void {
    if (reply.t === 'warning') this.#options.warn(reply.message);
    else if (reply.t === 'answers') for (const answer of reply.answers) this.#settle(answer);
  }

  #settle(answer: LogAnswer): void {
    const call = this.#calls.get(answer.call);
    this.#calls.delete(answer.call);
    if ('value' in answer) call?.resolve(answer.value);
    else call?.reject(toError(answer));
  }

  #end(): void {
    this.#failure ??= new Error('the log writer thread ended');
    if (!this.#isClosed) this.#failed.resolve(this.#failure);
    for (const call of this.#calls.values()) call.reject(this.#failure);
    this.#calls.clear();
  }
}

function toError({ failure, message }: Extract<LogAnswer, { message: string }>): Error {
  if (failure === undefined) return new Error(message);
  if (failure === 'disk-full') return new DiskFullError({ cause: new Error(message) });
  if (failure === 'store-away') return new StoreAwayError(message);
  return new LogRefusedError(failure, message);
}

/** The bytes in a buffer that holds hardly anything else, and so can be handed over without a copy. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength - byteLength <= maxBesideBytes
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(bytes);
}
