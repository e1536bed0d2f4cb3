import { setImmediate as nextTurn } from 'node:timers/promises';
import { decompress } from '../bytes.ts';
import type { FinishRecord } from '../log-rows.ts';
import { chunksFrom } from './fetch-chunks.ts';
import type { HeadRow } from './load-logs.ts';
import { finishOf, headColumns } from './load-logs.ts';
import type { LogConnection } from './log-connection.ts';
import type { PackedPlace } from './put-packed.ts';
import { fitsInRow, packInMemory, packIntoObject } from './put-packed.ts';

/** Logs that are looked up at once; of these small ones are packed together. */
const packedAtOnce = 50;
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
 * Packs finished logs in the background, large ones one at a time. Chunks stay until all of their day is packed
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
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const ids = this.#waiting.splice(0, packedAtOnce);
      await this.#packSome(ids).catch((error: unknown) => this.#failed(ids, error));
    }
    this.#running = undefined;
  }

  #failed(ids: readonly number[], error: unknown): void {
    const [id] = ids;
    const which = ids.length === 1 ? `log ${id} was` : `${ids.length} logs from ${id} on were`;
    this.#options.warn(`${which} not packed, and will be tried again: ${String(error)}`);
  }

  async #packSome(ids: readonly number[]): Promise<void> {
    const { connection } = this.#options;
    const heads = await connection.query<HeadRow>(
      `select ${headColumns} from log_head where log_id = any ($1) and packed_bytes is null`,
      [ids],
    );
    const logs = heads.flatMap((head) => {
      const record = finishOf(head);
      return record === undefined ? [] : [{ id: head.log_id, day: head.day, record }];
    });
    await this.#packIntoRows(logs.filter(({ record }) => fitsInRow(record)));
    for (const { id, record } of logs) {
      if (this.#isClosed) return;
      if (!fitsInRow(record)) await this.#packAlone(id, record);
    }
  }

  /** Small ones are fetched and stored together: a farm may end thousands in a minute. */
  async #packIntoRows(logs: readonly UnpackedLog[]): Promise<void> {
    if (logs.length === 0) return;
    const { connection } = this.#options;
    const chunks = await connection.query<{ log_id: number; data: Uint8Array }>(
      `select c.log_id, data from unnest($1::bigint[], $2::date[]) as l (id, of_day)
       join log_chunk c on c.log_id = l.id and c.day = l.of_day order by c.log_id, start`,
      [logs.map(({ id }) => id), logs.map(({ day }) => day)],
    );
    const chunksOf = Map.groupBy(chunks, (chunk) => chunk.log_id);
    const packed: { id: number; bytes: Uint8Array }[] = [];
    for (const { id, record } of logs) {
      const raw = (chunksOf.get(id) ?? []).map(({ data }) => decompress(data));
      try {
        packed.push({ id, bytes: await packInMemory(id, record, raw) });
      } catch (error) {
        this.#failed([id], error);
      }
    }
    await connection.query(
      `update log_head set packed = n.packed, packed_bytes = length(n.packed)
       from unnest($1::bigint[], $2::bytea[]) as n (id, packed)
       where log_id = n.id and packed_bytes is null`,
      [packed.map(({ id }) => id), packed.map(({ bytes }) => bytes)],
    );
  }

  async #packAlone(id: number, record: FinishRecord): Promise<void> {
    const { connection } = this.#options;
    try {
      const chunks = rawChunks(connection, id);
      const { sha256, bytes } = await packIntoObject(this.#options, id, record, chunks);
      await connection.query(
        `update log_head set packed_sha256 = $2, packed_bytes = $3
         where log_id = $1 and packed_bytes is null`,
        [id, sha256, bytes],
      );
    } catch (error) {
      this.#failed([id], error);
    }
  }
}

interface UnpackedLog {
  readonly id: number;
  readonly day: string;
  readonly record: FinishRecord;
}

async function* rawChunks(connection: LogConnection, id: number): AsyncGenerator<Uint8Array, void> {
  for await (const { data } of chunksFrom(connection, id)) yield decompress(data);
}
