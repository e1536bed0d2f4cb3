import type { Range } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { LogTable } from './schema/build.ts';

export type LogRow = Selectable<LogTable>;

/** One log for each step of a build, empty yet. Their ids, by step. */
export async function insertLogs(
  db: Kysely<Database>,
  buildId: number,
  logs: { steps: number; file: string },
): Promise<number[]> {
  const rows = await db
    .insertInto('log')
    .values(
      Array.from({ length: logs.steps }, (_, step) => ({
        build_id: buildId,
        step,
        file: logs.file,
        finished: 0,
      })),
    )
    .returning(['id', 'step'])
    .execute();
  return rows.toSorted((a, b) => a.step - b.step).map((row) => row.id);
}

export function logsOf(db: Kysely<Database>, builds: readonly number[]): Promise<LogRow[]> {
  return db.selectFrom('log').selectAll().where('build_id', 'in', builds).execute();
}

export async function finishLog(
  db: Kysely<Database>,
  id: number,
  end: { bytes: number; lines: number; ranges: readonly Range[]; sha256: string },
): Promise<void> {
  await db
    .updateTable('log')
    .set({
      bytes: end.bytes,
      lines: end.lines,
      ranges_json: JSON.stringify(end.ranges),
      sha256: end.sha256,
      finished: 1,
    })
    .where('id', '=', id)
    .execute();
}
