import type { NoticeContent } from '@weir/model';
import type { NoticeKind } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './schema.ts';
import type { NoticeTable } from './schema/notice.ts';

export type NoticeRow = Selectable<NoticeTable>;

/** Writes a notice that is told later, when all that belongs to it is known: `content`, where it is already. */
export async function insertNotice(
  db: Kysely<Database>,
  notice: { kind: NoticeKind; about: string; at: number; content?: NoticeContent },
): Promise<number> {
  const { kind, about, at, content } = notice;
  const { id } = await db
    .insertInto('notice')
    .values({
      kind,
      about,
      state: 'gathering',
      created_at: at,
      facts_json: content === undefined ? null : JSON.stringify(content.facts),
    })
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

/** A breakage is told of for the first time. */
export async function setBreakageTold(
  db: Kysely<Database>,
  breakageId: number,
  at: number,
): Promise<void> {
  await db
    .updateTable('breakage')
    .set({ told_at: at })
    .where('id', '=', breakageId)
    .where('told_at', 'is', null)
    .execute();
}

/** What a notice says whose content is known. */
export function contentOf({ kind, facts_json }: NoticeRow): NoticeContent {
  return { kind, facts: JSON.parse(facts_json ?? 'null') as unknown } as NoticeContent;
}
