import type { ResolvedFile } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { ResolvedTable } from './schema/build.ts';

export type ResolvedRow = Selectable<ResolvedTable>;

/** Writes down what the dependencies of a step came to. */
export async function insertResolved(
  db: Kysely<Database>,
  { build, step }: { build: number; step: number },
  files: readonly ResolvedFile[],
): Promise<void> {
  if (files.length === 0) return;
  await db
    .insertInto('resolved')
    .values(
      files.map(({ path, object, text }, position) => ({
        build_id: build,
        step,
        position,
        path,
        sha256: object?.sha256 ?? null,
        bytes: object?.bytes ?? null,
        text,
      })),
    )
    .execute();
}

/** What the dependencies of a build came to, step by step. */
export function resolvedOf(db: Kysely<Database>, build: number): Promise<ResolvedRow[]> {
  return db
    .selectFrom('resolved')
    .selectAll()
    .where('build_id', '=', build)
    .orderBy('step')
    .orderBy('position')
    .execute();
}

/** So many builds are looked through for a green one. */
const maxLookedAt = 1_000;

/** The last green build of the builder before one of its builds, among those that recorded dependencies. */
export function greenBefore(
  db: Kysely<Database>,
  build: { readonly builder_id: number; readonly number: number },
): Promise<{ id: number; number: number } | undefined> {
  return db
    .selectFrom('build')
    .select(['id', 'number'])
    .where('builder_id', '=', build.builder_id)
    .where('number', '<', build.number)
    .where('number', '>=', build.number - maxLookedAt)
    .where('result', 'in', ['success', 'warnings'])

    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('resolved')
          .select('resolved.step')
          .whereRef('resolved.build_id', '=', 'build.id')
          .where('resolved.sha256', 'is not', null),
      ),
    )
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Which of these objects hold what the dependencies of a build came to that keeps them. */
export async function resolvedObjectsInUse(
  db: Kysely<Database>,
  hashes: readonly string[],
): Promise<Set<string>> {
  if (hashes.length === 0) return new Set();
  const rows = await db
    .selectFrom('resolved')
    .select('sha256')
    .distinct()
    .where('sha256', 'in', hashes)
    .where('dropped_at', 'is', null)
    .execute();
  return new Set(rows.flatMap(({ sha256 }) => sha256 ?? []));
}
