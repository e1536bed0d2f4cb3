import { existsSync, readdirSync, rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogAddress } from '../log-sink.ts';
import type { LogTransactions } from './log-transactions.ts';
import { packLog } from './pack-log.ts';
import { packedPath } from './paths.ts';

/** Bytes of a log whose chunks go in one transaction: some milliseconds of work. */
const bytesPerRemoval = 4 * 1024 * 1024;

export interface LogPackerOptions {
  readonly transactions: LogTransactions;
  /** Hears of a log that could not be packed. */
  readonly warn: (message: string) => void;
  /** What could not be packed is tried again after so long. Default 1 min. */
  readonly retryMs?: number;
}

/**
 * Packs finished logs in the background, one at a time: first the object, then the chunks go, piece
 * by piece, then their pages. Whatever stops it in between, both forms are whole until the object is.
 */
export class LogPacker {
  readonly #dir: string;
  readonly #transactions: LogTransactions;
  readonly #warn: (message: string) => void;
  readonly #retryMs: number;
  readonly #waiting: LogAddress[] = [];
  readonly #retries = new Set<NodeJS.Timeout>();
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(dir: string, { transactions, warn, retryMs = 60_000 }: LogPackerOptions) {
    this.#dir = dir;
    this.#transactions = transactions;
    this.#warn = warn;
    this.#retryMs = retryMs;
  }

  /** Goes on with what the process before this one left. */
  resume(): void {
    for (const entry of readdirSync(this.#dir).toSorted().toReversed()) {
      const [, file] = /^(\d{4}-w\d\d)\.sqlite$/.exec(entry) ?? [];
      if (file === undefined) continue;
      for (const id of this.#transactions.file(file).toPack()) this.add({ id, file });
    }
  }

  /** A log was finished: it is packed when its turn comes, if it is large enough. */
  add(log: LogAddress): void {
    this.#waiting.push(log);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Ends after the piece it is at. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const retry of this.#retries) clearTimeout(retry);
    await this.#running;
  }

  async #run(): Promise<void> {
    // What the caller does next comes first.
    await nextTurn();
    for (let log = this.#next(); log !== undefined; log = this.#next()) {
      try {
        await this.#pack(log);
      } catch (error) {
        this.#warn(`log ${log.id} was not packed, and is tried again: ${String(error)}`);
        this.#retry(log);
      }
    }
    this.#running = undefined;
  }

  #retry(log: LogAddress): void {
    // The next process packs it: a timer would keep this one from its end.
    if (this.#isClosed) return;
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      this.add(log);
    }, this.#retryMs);
    this.#retries.add(retry);
  }

  #next(): LogAddress | undefined {
    return this.#isClosed ? undefined : this.#waiting.shift();
  }

  async #pack({ id, file: name }: LogAddress): Promise<void> {
    const file = () => this.#transactions.file(name);
    const record = file().rows.finished(id);
    if (record?.isToPack !== true) return;
    const path = packedPath(this.#dir, id);
    if (!existsSync(path)) await packLog(id, record, file, path);
    if (file().rows.finished(id) === undefined) {
      // It was dropped meanwhile, before there was an object to remove.
      rmSync(path, { force: true });
      return;
    }
    for (const [start, end] of record.ranges) {
      for (let from = start; from < end; from += bytesPerRemoval) {
        if (this.#isClosed) return;
        const to = Math.min(end, from + bytesPerRemoval);
        await this.#transactions.run(name, {
          run: ({ edits }) => edits.removeChunks(id, from, to),
        });
      }
    }
    await this.#transactions.run(name, { run: ({ edits }) => edits.setPacked(id) });
    while (!this.#isClosed && file().shrink()) await nextTurn();
  }
}
