import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { RuntimeTable } from './schema/runtime.ts';

export type RuntimeRow = Selectable<RuntimeTable>;

/** What became of building one runtime on one worker; the newest word counts. */
export async function putRuntime(db: Kysely<Database>, runtime: RuntimeRow): Promise<void> {
  const { state, build_id, at } = runtime;
  await db
    .insertInto('runtime')
    .values(runtime)
    .onConflict((conflict) =>
      conflict
        .columns(['builder_id', 'commit_hash', 'worker_id'])
        .doUpdateSet({ state, build_id, at }),
    )
    .execute();
}

export function runtimesOf(db: Kysely<Database>, workerId: number): Promise<RuntimeRow[]> {
  return db.selectFrom('runtime').selectAll().where('worker_id', '=', workerId).execute();
}

/** What is known of the given commits' runtimes, on all workers. */
export function runtimesOfCommits(
  db: Kysely<Database>,
  commits: readonly string[],
): Promise<RuntimeRow[]> {
  if (commits.length === 0) return Promise.resolve([]);
  return db.selectFrom('runtime').selectAll().where('commit_hash', 'in', commits).execute();
}

export async function dropRuntime(
  db: Kysely<Database>,
  key: { workerId: number; builderId: number; commit: string },
): Promise<void> {
  await db
    .deleteFrom('runtime')
    .where('builder_id', '=', key.builderId)
    .where('commit_hash', '=', key.commit)
    .where('worker_id', '=', key.workerId)
    .execute();
}
