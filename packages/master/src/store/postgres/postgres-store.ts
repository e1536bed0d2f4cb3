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

/** As `openStore`, for a database of a PostgreSQL server, which is there already. */
export async function openPostgresStore(url: string, options: StoreOptions): Promise<Store> {
  try {
    return await open(url, options);
  } catch (error) {
    throw refusal(url, error);
  }
}

async function open(url: string, options: StoreOptions): Promise<Store> {
  const { onStatement, say = () => {}, isShared = false } = options;
  await using opening = new AsyncDisposableStack();
  const connection = new WriterConnection(url, { isShared });
  const db = new Kysely<Database>({
    dialect: new StoreDialect(connection),
    plugins,
    ...(onStatement && { log: (event) => onStatement(event.query.sql) }),
  });
  opening.defer(() => db.destroy());
  await migratePostgres(db, say);
  await connection.beginMarks();
  const read = openPostgresReader(url);
  opening.defer(() => read.destroy());
  const clock = opening.use(await ServerClock.open(read));
  let wakeUps: WakeUps | undefined;
  opening.defer(() => wakeUps?.[Symbol.asyncDispose]());
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
  opening.defer(() => writer.close());
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
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
  if (isShared) {
    // Last: others are heard at once.
    wakeUps = await WakeUps.open(url, {
      woken: () => store.onCommit(),
      called: (text) => store.onCall(text),
    });
  }
  const opened = opening.move();
  return store;
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
