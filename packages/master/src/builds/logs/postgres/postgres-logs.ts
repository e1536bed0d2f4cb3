import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../../../store/schema.ts';
import type { LogAddress } from '../../log-sink.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { ChunkSource } from '../chunk-source.ts';
import type { LogForms, LogSource } from '../log-source.ts';
import { PackedLogs } from '../packed-source.ts';
import type { HeadRow } from './load-logs.ts';
import { finishOf, headColumns } from './load-logs.ts';
import { ObjectSource } from './object-source.ts';
import { packedInMemory, PackedObject } from './packed-object.ts';
import { ServerRows } from './server-rows.ts';

/**
 * Logs of a farm on PostgreSQL: live ones in chunks, finished ones in a row when they are small, else
 * in an object. Those that a farm wrote before it moved there are where it left them.
 */
export class PostgresLogs implements LogForms {
  readonly #db: Kysely<Database>;
  readonly #objects: Pick<ObjectStore, 'read'>;
  readonly #former: LogForms;
  readonly #packed = new PackedLogs();

  constructor(
    db: Kysely<Database>,
    { objects, former }: { objects: Pick<ObjectStore, 'read'>; former: LogForms },
  ) {
    this.#db = db;
    this.#objects = objects;
    this.#former = former;
  }

  async open(log: LogAddress): Promise<LogSource> {
    const { id } = log;
    const { rows } = await sql<HeadRow & { packed: Uint8Array | null }>`
      select ${sql.raw(headColumns)}, packed from log_head where log_id = ${id}`.execute(this.#db);
    const [head] = rows;
    if (head === undefined) return this.#former.open(log);
    const { packed, packed_bytes: size, packed_sha256: sha256 } = head;
    if (packed !== null) return this.#packed.open(id, packedInMemory(packed));
    const record = finishOf(head);
    if (record !== undefined && size !== null && sha256 !== null) {
      const object = new PackedObject(this.#objects, { sha256, size });
      return new ObjectSource(record, () => this.#packed.open(id, object));
    }
    const chunks = new ServerRows(this.#db, head);
    return ChunkSource.open(id, () => chunks);
  }

  async objectsInUse(hashes: readonly string[]): Promise<ReadonlySet<string>> {
    if (hashes.length === 0) return new Set();
    const { rows } = await sql<{ sha256: string }>`
      select packed_sha256 as sha256 from log_head where packed_sha256 = any (${hashes})`.execute(
      this.#db,
    );
    return new Set(rows.map(({ sha256 }) => sha256));
  }

  [Symbol.dispose](): void {
    this.#former[Symbol.dispose]();
  }
}
