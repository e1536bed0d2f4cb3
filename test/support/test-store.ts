import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import pg from 'pg';
import { openStore } from '../../packages/master/src/store/store.ts';
import type { Store, StoreOptions } from '../../packages/master/src/store/store.ts';

/** A database with the schema in it, which the others are copied from. */
const template = 'weir_template';

/** Databases that this process made, by the path that each stands for. */
const made = new Map<string, string>();

/** Whether the tests run on PostgreSQL: by `WEIR_TEST_STORE`, on the server of `WEIR_TEST_POSTGRES_URL`. */
export const isOnPostgres = process.env['WEIR_TEST_STORE'] === 'postgres';

/** Skips, by name, what is about SQLite alone when the tests run on PostgreSQL. */
export function onlyOnSqlite(context: { skip(): never }): void {
  if (!isOnPostgres) return;
  console.log('      skipped: this is about SQLite');
  context.skip();
}

/** Opens the store of a test, new or as the test left it. */
export async function openTestStore(path: string, options: StoreOptions = {}): Promise<Store> {
  return openStore(await testStore(path), options);
}

/**
 * Where the store is that a test asks for by a path: there, or in a database for that path. The
 * database goes when the path's folder is gone.
 */
export async function testStore(path: string): Promise<string> {
  if (!isOnPostgres) return path;
  const known = made.get(path);
  if (known !== undefined) return databaseUrl(known);
  const name = `weir_${createHash('sha256').update(path).digest('hex').slice(0, 20)}`;
  await withAdmin(serverUrl(), async (admin) => {
    await dropUnused(admin);
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await admin.query(`create database ${name} template ${template}`);
  });
  made.set(path, name);
  return databaseUrl(name);
}

/** Makes the template on a server; once for each. */
export async function makeTemplate(server: string): Promise<void> {
  await withAdmin(server, (admin) => admin.query(`create database ${template}`));
  await (await openStore(databaseUrl(template, server)))[Symbol.asyncDispose]();
}

/** Makes an empty database on a server; its address. */
export async function createDatabase(server: string, name: string): Promise<string> {
  await withAdmin(server, (admin) => admin.query(`create database ${name}`));
  return databaseUrl(name, server);
}

async function dropUnused(admin: pg.Client): Promise<void> {
  for (const [path, name] of made) {
    if (existsSync(dirname(path))) continue;
    made.delete(path);
    await admin.query(`drop database if exists ${name} with (force)`);
  }
}

async function withAdmin(
  server: string,
  act: (admin: pg.Client) => Promise<unknown>,
): Promise<void> {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  try {
    await act(admin);
  } finally {
    await admin.end();
  }
}

function databaseUrl(name: string, server = serverUrl()): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

function serverUrl(): string {
  const url = process.env['WEIR_TEST_POSTGRES_URL'];
  if (url === undefined) throw new Error('WEIR_TEST_POSTGRES_URL names no server to test on');
  return url;
}
