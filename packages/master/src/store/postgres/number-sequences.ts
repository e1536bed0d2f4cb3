import type { ClientBase } from 'pg';

/** What gives out the numbers of a table. */
export interface NumberSequence {
  readonly table: string;
  /** As `setval` takes it. */
  readonly sequence: string;
}

/** Of every table whose rows the database numbers. */
export async function numberSequences(client: ClientBase): Promise<NumberSequence[]> {
  const { rows } = await client.query<NumberSequence>(
    `select table_name::text as table,
       pg_get_serial_sequence(quote_ident(table_name), column_name::text) as sequence
     from information_schema.columns
     where table_schema = current_schema() and is_identity = 'YES' order by table_name`,
  );
  return rows;
}
