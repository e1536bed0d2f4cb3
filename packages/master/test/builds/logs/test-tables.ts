import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { after, before } from 'mocha';
import { needs } from '../../../../../test/support/needs.ts';
import type { PostgresServer } from '../../../../../test/support/postgres-server.ts';
import { startPostgres } from '../../../../../test/support/postgres-server.ts';
import { createDatabase } from '../../../../../test/support/test-store.ts';
import type { LogEnd } from '../../../src/builds/log-sink.ts';
import type { LogsPlace } from '../../../src/builds/logs/open-logs.ts';
import { openLogReader } from '../../../src/builds/logs/open-logs.ts';
import { dropLog } from '../../../src/builds/logs/postgres/drop-log.ts';
import { LogConnection } from '../../../src/builds/logs/postgres/log-connection.ts';
import { LogDays } from '../../../src/builds/logs/postgres/log-days.ts';
import { PostgresKeeper } from '../../../src/builds/logs/postgres/postgres-keeper.ts';
import { PostgresPacker } from '../../../src/builds/logs/postgres/postgres-packer.ts';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import { ObjectFiles } from '../../../src/builds/objects/object-files.ts';
import { objectsPlaceOf } from '../../../src/builds/objects/objects-place.ts';
import { openObjects } from '../../../src/builds/objects/open-objects.ts';
import type { Database } from '../../../src/store/schema.ts';
import { isPostgres, openReader, openStore } from '../../../src/store/store.ts';
import { log, mebibyte, removeFolder, temporaryFolder } from './support.ts';
import type { TestLogs } from './test-files.ts';

export function placeOf(store: string, dir: string): LogsPlace {
  return { store, dir, objectsPlace: objectsPlaceOf(null, dir) };
}

/** Reads the logs of a place with connections of its own. */
export async function openReaderOf(place: LogsPlace): Promise<LogReader & AsyncDisposable> {
  const { objects } = await openObjects(place.objectsPlace);
  const db = isPostgres(place.store) ? await openReader(place.store) : undefined;
  const reader = await openLogReader(place, { db: db ?? noDatabase, objects });
  return Object.assign(reader, {
    async [Symbol.asyncDispose]() {
      reader[Symbol.dispose]();
      await db?.destroy();
    },
  });
}

/** Where the logs are files. */
const noDatabase = undefined as unknown as Kysely<Database>;

export async function clearLogs({ url }: LogDatabase): Promise<void> {
  await using admin = new LogConnection(url);
  await admin.query('truncate log_head, log_chunk');
}

/** A database of a server of their own for the tests of this suite; skips them where there is none. */
export function givenDatabase(): () => LogDatabase {
  let server: PostgresServer | undefined;
  let database: LogDatabase | undefined;
  before(async function () {
    needs(this, 'postgres');
    this.timeout(60_000);
    server = await startPostgres();
    const url = await createDatabase(server.url('postgres'), 'logs');
    await (await openStore(url))[Symbol.asyncDispose]();
    database = { server, url, db: await openReader(url) };
  });
  after(async () => {
    await database?.db.destroy();
    await server?.[Symbol.asyncDispose]();
  });
  return () => {
    if (database === undefined) throw new Error('there is no database yet');
    return database;
  };
}

export interface LogDatabase {
  readonly server: PostgresServer;
  readonly url: string;
  readonly db: Kysely<Database>;
}

/** One engine's part of it. */
interface TestEngine {
  readonly connection: LogConnection;
  readonly keeper: PostgresKeeper;
}

/** Two engines' logs in one database. */
export class TestTables implements TestLogs {
  readonly reader: LogReader;
  readonly packer: PostgresPacker;
  readonly warnings: string[] = [];
  readonly days: LogDays;
  capBytes: number;
  readonly #database: LogDatabase;
  readonly #dir: string;
  readonly #background: LogConnection;
  /** The first one writes. */
  readonly engines: [TestEngine, TestEngine];
  readonly objectsDir: string;

  private constructor(
    database: LogDatabase,
    dir: string,
    { reader, capBytes }: { reader: LogReader; capBytes: number },
  ) {
    const { url } = database;
    this.#database = database;
    this.#dir = dir;
    this.reader = reader;
    this.capBytes = capBytes;
    this.days = new LogDays(url);
    this.#background = new LogConnection(url);
    this.engines = [this.#engine(), this.#engine()];
    this.objectsDir = join(dir, 'objects');
    this.packer = new PostgresPacker({
      connection: this.#background,
      objects: new ObjectFiles(this.objectsDir),
      uploadsDir: join(this.objectsDir, 'uploads'),
      warn: (message) => this.warnings.push(message),
      takeOverMs: 0,
    });
  }

  static async open(database: LogDatabase, capBytes = 256 * mebibyte): Promise<TestTables> {
    await clearLogs(database);
    const dir = temporaryFolder();
    const { url, db } = database;
    const place = placeOf(url, dir);
    const objects = new ObjectFiles(place.objectsPlace.dir);
    const reader = await openLogReader(place, { db, objects });
    return new TestTables(database, dir, { reader, capBytes });
  }

  #engine(): TestEngine {
    const connection = new LogConnection(this.#database.url);
    const keeper = new PostgresKeeper({
      connection,
      ensureDay: (day) => this.days.ensure(day),
      onFinished: () => {},
    });
    return { connection, keeper };
  }

  get keeper(): PostgresKeeper {
    return this.engines[0].keeper;
  }

  append(offset: number, bytes: Uint8Array, afterCut = false, address = log) {
    return this.keeper.append(address, offset, bytes, { afterCut, capBytes: this.capBytes });
  }

  async appendAll(offset: number, bytes: Uint8Array, address = log) {
    const answers = [];
    for (let at = 0; at < bytes.length; at += 65_536) {
      answers.push(this.append(offset + at, bytes.subarray(at, at + 65_536), false, address));
    }
    await Promise.all(answers);
  }

  position() {
    return this.keeper.position(log, this.capBytes);
  }

  finish(end: LogEnd, address = log) {
    return this.keeper.finish(address, end, this.capBytes);
  }

  async restart() {
    this.engines.reverse();
  }

  /** The hash of the object that a log is in. */
  async objectOf(id: number): Promise<string> {
    const [head] = await this.#background.query<{ sha256: string | null }>(
      'select packed_sha256 as sha256 from log_head where log_id = $1',
      [id],
    );
    return head?.sha256 ?? '';
  }

  objectPath(sha256: string): string {
    return join(this.objectsDir, sha256.slice(0, 2), sha256);
  }

  /** As the first engine does it. */
  async drop(id: number): Promise<void> {
    await dropLog(this.#background, id);
    this.keeper.forget(id);
  }

  async pack() {
    await this.packer.takeOver();
    await this.packer.idle();
  }

  async chunks() {
    const { rows } = await sql<{ offset: number; bytes: number }>`
      select start as "offset", bytes from log_chunk where log_id = ${log.id} order by start`.execute(
      this.#database.db,
    );
    return rows.map((row) => ({ ...row }));
  }

  fillDisk(id: number) {
    return this.breakLog(id, '53100');
  }

  /** Has the server refuse chunks of one log, with this code, until what is returned is called. */
  async breakLog(id: number, code: string) {
    const query = async (text: string): Promise<void> => {
      await this.#background.query(text);
    };
    await query(`create function fill() returns trigger language plpgsql as
      $$ begin raise exception 'disk full' using errcode = '${code}'; end $$`);
    await query(`create trigger fill before insert on log_chunk for each row
      when (new.log_id = ${id}) execute function fill()`);
    return () => query('drop function fill cascade');
  }

  async [Symbol.asyncDispose]() {
    await this.packer.close();
    for (const { connection, keeper } of this.engines) {
      await keeper.close();
      await connection[Symbol.asyncDispose]();
    }
    await this.#background[Symbol.asyncDispose]();
    this.reader[Symbol.dispose]();
    removeFolder(this.#dir);
  }
}
