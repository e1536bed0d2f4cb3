import type { NoticeContent, NoticeKind } from '@weir/model';
import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database, NoticeTable } from './schema.ts';

export type NoticeRow = Selectable<NoticeTable>;

/** Writes a notice that is told later, when all that belongs to it is known. */
export async function insertNotice(
  db: Kysely<Database>,
  notice: { kind: NoticeKind; about: string; at: number },
): Promise<number> {
  const { kind, about, at } = notice;
  const { id } = await db
    .insertInto('notice')
    .values({ kind, about, state: 'gathering', created_at: at })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

export function noticeById(db: Kysely<Database>, id: number): Promise<NoticeRow | undefined> {
  return db.selectFrom('notice').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Notices about one thing, oldest first. */
export function noticesAbout(db: Kysely<Database>, about: string): Promise<NoticeRow[]> {
  return db.selectFrom('notice').selectAll().where('about', '=', about).orderBy('id').execute();
}

/** Oldest first. */
export function gatheringNotices(db: Kysely<Database>): Promise<NoticeRow[]> {
  return db
    .selectFrom('notice')
    .selectAll()
    .where(sql<boolean>`state = 'gathering'`)
    .orderBy('id')
    .execute();
}

/** Writes down what it says. False when it gathers no more. */
export async function setTold(
  db: Kysely<Database>,
  id: number,
  told: { at: number; headline: string; content: NoticeContent },
): Promise<boolean> {
  const set = await db
    .updateTable('notice')
    .set({
      state: 'told',
      told_at: told.at,
      headline: told.headline,
      facts_json: JSON.stringify(told.content.facts),
    })
    .where('id', '=', id)
    .where('state', '=', 'gathering')
    .executeTakeFirst();
  return set.numUpdatedRows > 0n;
}

export async function dropNotice(db: Kysely<Database>, id: number): Promise<void> {
  await db
    .updateTable('notice')
    .set({ state: 'dropped' })
    .where('id', '=', id)
    .where('state', '=', 'gathering')
    .execute();
}

/** What a notice that was told says. */
export function contentOf({ kind, facts_json }: NoticeRow): NoticeContent {
  return { kind, facts: JSON.parse(facts_json ?? 'null') as unknown } as NoticeContent;
}
