import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

export async function getSetting(db: Kysely<Database>, name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('setting')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.value;
}

/** In the order of the names. */
export async function getSettings(
  db: Kysely<Database>,
  names: readonly string[],
): Promise<(string | undefined)[]> {
  const rows = await db.selectFrom('setting').selectAll().where('name', 'in', names).execute();
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  return names.map((name) => values.get(name));
}

export async function putSetting(db: Kysely<Database>, name: string, value: string): Promise<void> {
  await db
    .insertInto('setting')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** Those whose name begins so. */
export function settingsLike(
  db: Kysely<Database>,
  prefix: string,
): Promise<{ name: string; value: string }[]> {
  return db
    .selectFrom('setting')
    .selectAll()
    .where('name', 'like', `${prefix}%`)
    .orderBy('name')
    .execute();
}

export async function dropSetting(db: Kysely<Database>, name: string): Promise<void> {
  await db.deleteFrom('setting').where('name', '=', name).execute();
}
