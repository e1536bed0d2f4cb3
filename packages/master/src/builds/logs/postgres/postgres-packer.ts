import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { maxChunkBytes } from '@weir/protocol';
import type { ObjectStore } from '../../objects/object-store.ts';
import { decompress } from '../bytes.ts';
import { keptBytes } from '../kept.ts';
import type { FinishRecord } from '../log-rows.ts';
import { writePacked } from '../write-packed.ts';
import { chunksFrom } from './fetch-chunks.ts';
import type { HeadRow } from './load-logs.ts';
import { finishOf, headColumns } from './load-logs.ts';
import type { LogConnection } from './log-connection.ts';

/** Smaller logs are packed into their row: an object each would cost more than it saves. */
const maxInRowBytes = maxChunkBytes;
/** Logs that are taken over at once. */
const takenOverAtOnce = 100;
/** Whoever took a log over has this long for it. */
const claimMs = 600_000;

export interface PostgresPackerOptions {
  readonly connection: LogConnection;
  readonly objects: Pick<ObjectStore, 'take'>;
  /** Where objects are made; on the disk of the object store, where that is one. */
  readonly uploadsDir: string;
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
    if (keptBytes(record.ranges) <= maxInRowBytes) await this.#packIntoRow(id, record);
    else await this.#packIntoObject(id, record);
  }

  async #packIntoRow(id: number, record: FinishRecord): Promise<void> {
    const { connection } = this.#options;
    const parts: Uint8Array[] = [];
    await writePacked(id, record, rawChunks(connection, id), async (bytes) => {
      parts.push(bytes);
    });
    const packed = Buffer.concat(parts);
    await connection.query(
      'update log_head set packed = $2, packed_bytes = $3 where log_id = $1 and packed_bytes is null',
      [id, packed, packed.length],
    );
  }

  async #packIntoObject(id: number, record: FinishRecord): Promise<void> {
    const { connection, objects, uploadsDir } = this.#options;
    await mkdir(uploadsDir, { recursive: true, mode: 0o700 });
    const path = join(uploadsDir, `log-${id}-${randomUUID()}`);
    try {
      const { sha256, bytes } = await writeFile(path, id, record, rawChunks(connection, id));
      await objects.take(sha256, path);
      await connection.query(
        `update log_head set packed_sha256 = $2, packed_bytes = $3
         where log_id = $1 and packed_bytes is null`,
        [id, sha256, bytes],
      );
    } finally {
      await rm(path, { force: true });
    }
  }
}

async function* rawChunks(connection: LogConnection, id: number): AsyncGenerator<Uint8Array, void> {
  for await (const { data } of chunksFrom(connection, id)) yield decompress(data);
}

async function writeFile(
  path: string,
  id: number,
  record: FinishRecord,
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ sha256: string; bytes: number }> {
  await using file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  await writePacked(id, record, chunks, async (part) => {
    hash.update(part);
    bytes += part.length;
    // Unlike `write` it does not stop in the middle.
    await file.writeFile(part);
  });
  return { sha256: hash.digest('hex'), bytes };
}
