import type { Kysely } from 'kysely';
import type { LogRow } from '../../store/logs.ts';
import type { Database } from '../../store/schema.ts';
import { problem } from '../server/problems.ts';

export function logById(db: Kysely<Database>, id: number): Promise<LogRow | undefined> {
  return db.selectFrom('log').selectAll().where('id', '=', id).executeTakeFirst();
}

/** @throws ProblemError when its bytes were dropped, as they were too old */
export function keptLog(log: LogRow): LogRow {
  if (log.dropped_at === null) return log;
  const day = new Date(log.dropped_at).toISOString().slice(0, 10);
  throw problem('log-dropped', `what it printed was kept until ${day}`);
}

/** Whether nothing will be added to a log: it is finished, or its build ended without it. */
export async function isLogClosed(db: Kysely<Database>, log: LogRow): Promise<boolean> {
  if (log.finished === 1) return true;
  const build = await db
    .selectFrom('build')
    .select('state')
    .where('id', '=', log.build_id)
    .executeTakeFirst();
  return build?.state === 'finished';
}
