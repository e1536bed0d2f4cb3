import { setImmediate as nextTurn } from 'node:timers/promises';
import { decompress } from '../bytes.ts';
import { chunksFrom } from './fetch-chunks.ts';
import type { HeadRow } from './load-logs.ts';
import { finishOf, headColumns } from './load-logs.ts';
import type { LogConnection } from './log-connection.ts';
import type { PackedPlace } from './put-packed.ts';
import { putPacked } from './put-packed.ts';

/** Logs that are taken over at once. */
const takenOverAtOnce = 100;
/** Whoever took a log over has this long for it. */
const claimMs = 600_000;

export interface PostgresPackerOptions extends PackedPlace {
  readonly connection: LogConnection;
  /** Hears of logs that could not be packed. */
  readonly warn: (message: string) => void;
  /** A log that was not packed so long after it was finished is taken over by any engine. Default: 2 min. */
  readonly takeOverMs?: number;
}

/**
 * Packs finished logs in the background, one at a time. Chunks stay until all of their day is packed
 * and goes at once. Two engines that pack the same log make the same of it.
 */
export class PostgresPacker {
  readonly #options: PostgresPackerOptions;
  readonly #waiting: number[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: PostgresPackerOptions) {
    this.#options = options;
  }

  /** A log was finished: it is packed when its turn comes. */
  add(id: number): void {
    this.#waiting.push(id);
    this.#running ??= this.#run();
  }

  /** Takes over what an engine left that is gone, or that could not be packed. */
  async takeOver(): Promise<void> {
    const { connection, takeOverMs = 120_000 } = this.#options;
    const rows = await connection.query<{ log_id: number }>(
      `update log_head set claimed_at = now() where log_id in (
         select log_id from log_head
         where sha256 is not null and packed_bytes is null
           and finished_at <= now() - $1 * interval '1 millisecond'
           and (claimed_at is null or claimed_at < now() - $2 * interval '1 millisecond')
         order by finished_at limit ${takenOverAtOnce} for update skip locked)
       returning log_id`,
      [takeOverMs, claimMs],
    );
    for (const { log_id: id } of rows) this.add(id);
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Ends after the log it is at; the next engine takes over what waits. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // What the caller does next comes first.
    await nextTurn();
    for (let id = this.#next(); id !== undefined; id = this.#next()) {
      try {
        await this.#pack(id);
      } catch (error) {
        this.#options.warn(`log ${id} was not packed, and is tried again: ${String(error)}`);
      }
    }
    this.#running = undefined;
  }

  #next(): number | undefined {
    return this.#isClosed ? undefined : this.#waiting.shift();
  }

  async #pack(id: number): Promise<void> {
    const { connection } = this.#options;
    const [head] = await connection.query<HeadRow>(
      `select ${headColumns} from log_head where log_id = $1 and packed_bytes is null`,
      [id],
    );
    const record = head && finishOf(head);
    if (record === undefined) return;
    const packed = await putPacked(this.#options, id, record, rawChunks(connection, id));
    await connection.query(
      `update log_head set packed_bytes = $2, packed_sha256 = $3, packed = $4
       where log_id = $1 and packed_bytes is null`,
      [id, packed.bytes, packed.sha256, packed.inRow],
    );
  }
}

async function* rawChunks(connection: LogConnection, id: number): AsyncGenerator<Uint8Array, void> {
  for await (const { data } of chunksFrom(connection, id)) yield decompress(data);
}
