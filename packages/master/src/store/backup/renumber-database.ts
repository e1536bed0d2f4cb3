import { openStore } from '../store.ts';

/**
 * Makes a PostgreSQL database that was restored from a dump one that goes on beside what the farm did
 * after the dump: see `renumber`. When the dump was made, by its newest event.
 *
 * @throws StoreInUseError when a master has it open
 */
export async function renumberDatabase(url: string): Promise<{ takenAt: number }> {
  // Keeps every master away meanwhile.
  await using _store = await openStore(url);
  const { renumberPostgres } = await import('../postgres/renumber-postgres.ts');
  return await renumberPostgres(url, Date.now());
}
