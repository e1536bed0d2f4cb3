import { setTimeout as sleep } from 'node:timers/promises';
import { HandleEmptyInListsPlugin, Kysely, replaceWithNoncontingentExpression } from 'kysely';
import type { Database } from '../schema.ts';
import { StoreAwayError } from '../store-errors.ts';
import type { Store, StoreOptions } from '../store.ts';
import { troubleOf } from '../trouble.ts';
import { migratePostgres } from './migrate-postgres.ts';
import { StoreDialect } from './postgres-dialect.ts';
import { PostgresWriter } from './postgres-writer.ts';
import { openReaderPool } from './reader-pool.ts';
import { ServerClock } from './server-clock.ts';
import { WakeUps } from './wake-ups.ts';
import { WriterConnection } from './writer-connection.ts';

/** SQLite takes an empty list behind IN. */
const plugins = [new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression })];

const retryMs = 1_000;

/** As `openStore`, for a database of a PostgreSQL server, which is there already. */
export async function openPostgresStore(url: string, options: StoreOptions): Promise<Store> {
  const { patienceMs = 0, say = () => {} } = options;
  const until = performance.now() + patienceMs;
  for (let isSaid = false; ; isSaid = true) {
    try {
      return await open(url, options);
    } catch (error) {
      if (troubleOf(error) !== 'away' || performance.now() > until) throw error;
      if (!isSaid) say(`${String(error)}; it is waited for, ${patienceMs / 1_000} s at most`);
      await sleep(retryMs);
    }
  }
}

async function open(url: string, options: StoreOptions): Promise<Store> {
  const { onStatement, say = () => {}, isShared = false } = options;
  const connection = new WriterConnection(url, { isShared });
  const db = new Kysely<Database>({
    dialect: new StoreDialect(connection),
    plugins,
    ...(onStatement && { log: (event) => onStatement(event.query.sql) }),
  });
  try {
    await migratePostgres(db, say);
    await connection.beginMarks();
  } catch (error) {
    await db.destroy();
    throw refusal(url, error);
  }
  let wakeUps: WakeUps | undefined;
  const read = openPostgresReader(url);
  const clock = await ServerClock.open(read);
  const writer = new PostgresWriter({
    db,
    connection,
    onStatement,
    onCommit() {
      store.onCommit();
      wakeUps?.tell();
    },
    onDiskFull: () => store.onDiskFull(),
  });
  const store: Store = {
    isShared,
    read,
    now: clock.now,
    unit: (unit, { isGuarded = false } = {}) => writer.run(unit, { isGuarded }),
    // The server sees to that by itself.
    compact: async () => {},
    onCommit: () => {},
    onDiskFull: () => {},
    call: (text) => wakeUps?.call(text),
    onCall: () => {},
    async [Symbol.asyncDispose]() {
      await writer.close();
      clock[Symbol.dispose]();
      await wakeUps?.[Symbol.asyncDispose]();
      await read.destroy();
      await db.destroy();
    },
  };
  if (!isShared) return store;
  try {
    // Last: others are heard at once.
    wakeUps = await WakeUps.open(url, {
      woken: () => store.onCommit(),
      called: (text) => store.onCall(text),
    });
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw refusal(url, error);
  }
}

/** Connections to an existing store that only read. */
export function openPostgresReader(url: string): Kysely<Database> {
  return new Kysely<Database>({ dialect: new StoreDialect(openReaderPool(url)), plugins });
}

/** Wrong password, no such database: said with the server's name, and without the password. */
function refusal(url: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isRefused = ['28P01', '28000', '3D000', '42501'].includes(code);
  if (!isRefused && troubleOf(error) !== 'away') return error;
  const why = error instanceof Error ? error.message : String(error);
  return new StoreAwayError(`the store at ${nameOf(url)} can't be opened: ${why}`, {
    cause: error,
  });
}

function nameOf(url: string): string {
  if (!URL.canParse(url)) return 'the given URL';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
