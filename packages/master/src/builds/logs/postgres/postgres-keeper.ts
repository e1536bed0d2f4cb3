import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { saysDiskFull } from '../../../store/disk-full.ts';
import { StoreAwayError } from '../../../store/store-errors.ts';
import { troubleOf } from '../../../store/trouble.ts';
import type { AppendAnswer, FinishAnswer, LogAddress, LogEnd } from '../../log-sink.ts';
import { decompress } from '../bytes.ts';
import type { Unproven } from '../finish-log.ts';
import { finishLog, settle } from '../finish-log.ts';
import { LiveLog } from '../live-log.ts';
import { LogRefusedError } from '../refused.ts';
import { takeSome } from '../take-some.ts';
import { BufferedRows } from './buffered-rows.ts';
import { commitLogs, StaleLogsError } from './commit-logs.ts';
import { chunksFrom, lendChunks } from './fetch-chunks.ts';
import { loadLogs } from './load-logs.ts';
import type { LogConnection } from './log-connection.ts';

/** What is held in memory of logs that are being written, by their chunks. */
const maxHeldChunks = 200_000;
const maxHeldLogs = 4096;
const firstPauseMs = 5;
const longestPauseMs = 1_000;
/** A log that others write at the same time is read back so often. */
const maxReadings = 3;

/** A log in memory, as of its last commit or within a transaction. */
interface HeldLog {
  readonly id: number;
  readonly day: string;
  readonly live: LiveLog;
  readonly rows: BufferedRows;
  stamp: string | undefined;
}

interface Work<T> {
  readonly id: number;
  readonly capBytes: number;
  /** A `LogRefusedError` from it refuses this work alone; it must have changed nothing then. */
  run(held: HeldLog): T;
  /** Its commit is on the server's disk. */
  readonly isDurable?: boolean;
  /** How much it is about to write: transactions are bounded. */
  readonly bytes?: number;
  /** Places whose chunks it may have to split. */
  readonly places?: readonly number[];
}

interface Waiting extends Work<unknown> {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface PostgresKeeperOptions {
  readonly connection: LogConnection;
  /** Called before logs of a day are written. */
  readonly ensureDay: (day: string) => Promise<void>;
  /** A log is kept for good. */
  readonly onFinished: (id: number) => void;
  /** How long senders wait for a server that is away. Default: 30 s, as units do. */
  readonly patienceMs?: number;
}

/**
 * A writer of the logs of a farm on PostgreSQL: each engine has one. Whatever waits is one
 * transaction. What a log looks like is remembered between them, and each transaction makes sure that
 * it looks like that still: another engine may have gone on with it.
 */
export class PostgresKeeper {
  readonly #options: PostgresKeeperOptions;
  readonly #held = new Map<number, HeldLog>();
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(options: PostgresKeeperOptions) {
    this.#options = options;
  }

  /** See `LogSink`. `capBytes` counts when the log begins. */
  append(
    { id }: LogAddress,
    offset: number,
    bytes: Uint8Array,
    { afterCut, capBytes }: { afterCut: boolean; capBytes: number },
  ): Promise<AppendAnswer> {
    return this.#run({
      id,
      capBytes,
      bytes: bytes.length,
      run: ({ live }) => live.append(offset, bytes, afterCut),
    });
  }

  position({ id }: LogAddress, capBytes: number): Promise<number> {
    return this.#run({ id, capBytes, run: ({ live }) => live.end });
  }

  async finish({ id }: LogAddress, end: LogEnd, capBytes: number): Promise<FinishAnswer> {
    const step = (act: (held: HeldLog) => FinishAnswer | Unproven) =>
      this.#finishStep(id, end, capBytes, act);
    let answer = await step(({ live, rows }) =>
      finishLog(live, { rows, edits: rows }, end, live.capBytes),
    );
    for (let readings = 1; answer.t === 'unproven'; readings += 1) {
      const { version } = answer;
      const digest = await this.#readBackHash(id);
      answer = await step(({ live, rows }) => {
        if (live.version === version) return settle(live, { rows, edits: rows }, end, digest);
        // Written meanwhile, or held no more: once more, and in the end all is asked for again.
        return readings < maxReadings
          ? finishLog(live, { rows, edits: rows }, end, live.capBytes)
          : settle(live, { rows, edits: rows }, end, '');
      });
    }
    return answer;
  }

  async #finishStep(
    id: number,
    end: LogEnd,
    capBytes: number,
    act: (held: HeldLog) => FinishAnswer | Unproven,
  ): Promise<FinishAnswer | Unproven> {
    const places = [...end.ranges.flat(), Number.MAX_SAFE_INTEGER];
    const answer = await this.#run({ id, capBytes, isDurable: true, places, run: act });
    if (answer.t === 'kept') {
      this.#held.delete(id);
      this.#options.onFinished(id);
    }
    return answer;
  }

  /** Its rows were removed. */
  forget(id: number): void {
    this.#held.delete(id);
  }

  /** Stores what waits. */
  async close(): Promise<void> {
    await this.#running;
  }

  #run<T>(work: Work<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ ...work, resolve: (value) => resolve(value as T), reject });
    this.#running ??= this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    // What comes in the same turn goes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commit(takeSome(this.#waiting));
    this.#running = undefined;
  }

  /** Tries until the server has it, or for so long. Whatever is done twice changes nothing more. */
  async #commit(batch: readonly Waiting[]): Promise<void> {
    const until = performance.now() + (this.#options.patienceMs ?? 30_000);
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        for (const answer of await this.#attempt(batch)) answer();
        return;
      } catch (error) {
        for (const { id } of batch) this.#held.delete(id);
        this.#options.connection.dropIfAway(error);
        const trouble = error instanceof StaleLogsError ? 'conflict' : troubleOf(error);
        if (trouble === undefined) {
          await this.#refuse(batch, error);
          return;
        }
        if (performance.now() > until) {
          for (const work of batch) work.reject(StoreAwayError.of(error));
          return;
        }
      }
      await sleep(pauseMs * (0.5 + Math.random()));
    }
  }

  /** A log that can't be stored is no reason to refuse others that came at the same time. */
  async #refuse(batch: readonly Waiting[], error: unknown): Promise<void> {
    const logs = Map.groupBy(batch, ({ id }) => id);
    if (logs.size === 1 || saysDiskFull(error)) for (const work of batch) work.reject(error);
    else for (const works of logs.values()) await this.#commit(works);
  }

  /** The callers' answers, to be called now that it is committed. */
  async #attempt(batch: readonly Waiting[]): Promise<(() => void)[]> {
    const { connection, ensureDay } = this.#options;
    const logs = await this.#take(batch);
    const answers = batch.map((work) => answerOf(work, logs));
    for (const { live, rows } of logs.values()) {
      if (rows.finished() === undefined) live.flush();
    }
    const commits = [...logs.values()].map(({ id, day, stamp, rows }) => {
      return { id, day, stamp, changes: rows.isChanged ? rows.changes() : undefined };
    });
    for (const day of new Set(commits.map((commit) => commit.day))) await ensureDay(day);
    const isDurable = batch.some((work) => work.isDurable === true);
    const stamps = await commitLogs(await connection.connect(), commits, { isDurable });
    for (const held of logs.values()) {
      if (held.rows.isChanged) held.stamp = stamps.get(held.id);
      held.rows.committed();
    }
    this.#evict();
    return answers;
  }

  /** The logs of a batch, those that are not held as they are stored. */
  async #take(batch: readonly Waiting[]): Promise<Map<number, HeldLog>> {
    const { connection } = this.#options;
    const caps = new Map(batch.map(({ id, capBytes }) => [id, capBytes]));
    const unknown = [...caps.keys()].filter((id) => !this.#held.has(id));
    const logs = new Map<number, HeldLog>();
    for (const [id, held] of this.#held) if (caps.has(id)) logs.set(id, held);
    if (unknown.length > 0) {
      const loaded = [...(await loadLogs(connection, unknown))];
      const taken = loaded.map(async ([id, { day, stamp, ...stored }]) => {
        const rows = new BufferedRows(stored);
        // Its last chunk may be gone on with.
        await lendChunks(connection, { id, day, rows }, [Number.MAX_SAFE_INTEGER]);
        const live = new LiveLog(id, { rows, edits: rows }, caps.get(id) ?? 0);
        logs.set(id, { id, day, live, rows, stamp });
      });
      await Promise.all(taken);
    }
    await Promise.all(
      batch.flatMap(({ id, places = [] }) => {
        const held = logs.get(id);
        return held === undefined ? [] : [lendChunks(connection, held, places)];
      }),
    );
    // Those used last are last.
    for (const [id, held] of logs) {
      this.#held.delete(id);
      this.#held.set(id, held);
    }
    return logs;
  }

  #evict(): void {
    let chunks = 0;
    let logs = 0;
    for (const [id, { rows }] of [...this.#held].toReversed()) {
      chunks += rows.size;
      logs += 1;
      if (chunks > maxHeldChunks || logs > maxHeldLogs) this.#held.delete(id);
    }
  }

  /** The hash of all that is stored. Lets others write in between. */
  async #readBackHash(id: number): Promise<string> {
    const hash = createHash('sha256');
    for await (const { data } of chunksFrom(this.#options.connection, id)) {
      hash.update(decompress(data));
    }
    return hash.digest('hex');
  }
}

function answerOf(work: Waiting, logs: ReadonlyMap<number, HeldLog>): () => void {
  const held = logs.get(work.id);
  if (held === undefined) throw new Error(`log ${work.id} was not read`);
  try {
    const value = work.run(held);
    return () => work.resolve(value);
  } catch (error) {
    if (!(error instanceof LogRefusedError)) throw error;
    return () => work.reject(error);
  }
}
