import type { Kysely } from 'kysely';
import type { Database } from '../../store/schema.ts';

/** So many of its newest results say how often a builder usually has one. */
const results = 8;

/**
 * The usual time between two results of each of the builders, in milliseconds; none for one that has
 * built less often. By the index of the builders' numbers: one build of each.
 */
export async function usualGaps(
  db: Kysely<Database>,
  builderIds: readonly number[],
): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('builder')
    .innerJoin('build', (join) =>
      join
        .onRef('build.builder_id', '=', 'builder.id')
        .on((eb) => eb('build.number', '=', eb('builder.next_number', '-', results + 1))),
    )
    .innerJoin('build as last', 'last.id', 'builder.last_build_id')
    .where('builder.id', 'in', builderIds)
    .select(['builder.id', 'build.finished_at as from', 'last.finished_at as to'])
    .execute();
  return new Map(
    rows.flatMap(({ id, from, to }) =>
      from === null || to === null ? [] : [[id, Math.max(0, to - from) / results] as const],
    ),
  );
}
