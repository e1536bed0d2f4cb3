import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './schema.ts';
import type { BuildTable } from './schema/build.ts';

type BuildRow = Selectable<BuildTable>;

/** Of one statement: SQLite joins no more than 500 queries. */
const maxBuilders = 100;

/**
 * The newest builds of each of these builders, at most so many of each, in no order. Numbers have no
 * gaps: they are found by the index of them, without counting back. Each builder is asked for by
 * itself: of a bound that comes by a join PostgreSQL knows nothing, and reads all builds there are.
 */
export async function newestBuilds<Column extends keyof BuildRow>(
  db: Kysely<Database>,
  builders: readonly { readonly id: number; readonly next_number: number }[],
  { columns, perBuilder }: { columns: readonly Column[]; perBuilder: number },
): Promise<Pick<BuildRow, Column>[]> {
  const list = sql.join(columns.map((column) => sql.ref(column)));
  const found: Pick<BuildRow, Column>[] = [];
  for (let from = 0; from < builders.length; from += maxBuilders) {
    const queries = builders
      .slice(from, from + maxBuilders)
      .map(
        ({ id, next_number: next }) =>
          sql`select ${list} from build where builder_id = ${id} and number >= ${next - perBuilder}`,
      );
    const { rows } = await sql<Pick<BuildRow, Column>>`${sql.join(
      queries,
      sql` union all `,
    )}`.execute(db);
    found.push(...rows);
  }
  return found;
}
