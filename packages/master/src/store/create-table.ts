import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** `id`: the primary key, given by the database and never twice. A question mark allows NULL. */
type ColumnKind = 'id' | 'integer' | 'integer?' | 'text' | 'text?';

/** Creates one table from a line per column; numbers are 64 bits wide. */
export async function createTable(
  db: Kysely<Database>,
  name: string,
  columns: Readonly<Record<string, ColumnKind>>,
): Promise<void> {
  let builder = db.schema.createTable(name);
  for (const [column, kind] of Object.entries(columns)) {
    if (kind === 'id') {
      // Exactly `integer`: only then is it SQLite's rowid.
      builder = builder.addColumn(column, 'integer', (definition) =>
        definition.primaryKey().autoIncrement(),
      );
      continue;
    }
    const type = kind.startsWith('integer') ? 'bigint' : 'text';
    builder = builder.addColumn(column, type, (definition) =>
      kind.endsWith('?') ? definition : definition.notNull(),
    );
  }
  await builder.execute();
}
