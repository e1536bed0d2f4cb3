import type { Kysely } from 'kysely';
import type { Database } from '../../store/schema.ts';

/** What a builder is used to. */
export interface Habit {
  /** How long a green build takes, in milliseconds; null before the first. */
  readonly usualMs: number | null;
  /** Builds a day, over its last builds; null when it is too new to say. */
  readonly perDay: number | null;
}

const lookedAt = 20;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The habits of the builders that the farm file names, by their names. */
export async function builderHabits(
  db: Kysely<Database>,
  now: number,
): Promise<Map<string, Habit>> {
  const rows = await db
    .selectFrom('builder')
    .leftJoin('build', (join) =>
      join.onRef('build.builder_id', '=', 'builder.id').on((eb) =>
        eb(
          'build.number',
          '=',
          eb
            .case()
            .when('builder.next_number', '>', lookedAt)
            .then(eb('builder.next_number', '-', lookedAt))
            .else(1)
            .end(),
        ),
      ),
    )
    .where('builder.active', '=', 1)
    .select([
      'builder.name',
      'builder.usual_ms',
      'builder.next_number',
      'build.number',
      'build.started_at',
    ])
    .execute();
  return new Map(
    rows.map(({ name, usual_ms: usualMs, next_number: next, number, started_at: since }) => {
      const isKnown = number !== null && since !== null && now - since >= hourMs;
      const perDay = isKnown ? ((next - number) * dayMs) / (now - since) : null;
      return [name, { usualMs, perDay }];
    }),
  );
}
