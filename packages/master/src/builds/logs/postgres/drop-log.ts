import type { LogConnection } from './log-connection.ts';

/** Removes what the database has of a log. Its object, which no row names then, is swept like all others. */
export async function dropLog(connection: LogConnection, id: number): Promise<void> {
  await connection.query(
    `with gone as (delete from log_head where log_id = $1 returning log_id, day)
     delete from log_chunk c using gone where c.log_id = gone.log_id and c.day = gone.day`,
    [id],
  );
}
