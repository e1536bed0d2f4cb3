import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { isHolding } from './held-events.ts';
import type { Database } from './schema.ts';

/**
 * Holds a builder and a worker until the unit ends, where units run at once: what is read of them from
 * here on, and decided by that, is as it is when it is written. SQLite has one writer and needs none.
 */
export async function lockBuilderAndWorker(
  db: Kysely<Database>,
  { builderId, workerId }: { readonly builderId: number; readonly workerId: number },
): Promise<void> {
  if (!isHolding(db)) return;
  await sql`
    select from builder, worker where builder.id = ${builderId} and worker.id = ${workerId}
    for update`.execute(db);
}
