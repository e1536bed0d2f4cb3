import { existsSync } from 'node:fs';
import type { CopiedTable } from './postgres/copy-tables.ts';
import { openStore } from './store.ts';

export interface CopyStoreOptions {
  /** The SQLite file. No master may have it open. */
  readonly from: string;
  /** The address of an empty database. */
  readonly to: string;
  /** Hears what is being copied, often. */
  readonly progress?: (text: string) => void;
}

export interface CopiedStore {
  readonly tables: readonly CopiedTable[];
  /** Texts that held a NUL, which PostgreSQL's can't: U+FFFD stands in its place. */
  readonly changedTexts: number;
}

/**
 * Copies all facts of a farm from SQLite to PostgreSQL, in one transaction: it is committed only when
 * every table read back has the rows that were read, by count and hash. The source stays as it is, but
 * for its schema, which is brought up to date first.
 *
 * @throws StoreInUseError when a master has either of them open
 * @throws StoreAwayError when there is no such database
 * @throws Error when the database holds anything already, or a table came out differently
 */
export async function copyStore({ from, to, progress }: CopyStoreOptions): Promise<CopiedStore> {
  if (!existsSync(from)) {
    throw new Error(`there is no store ${from}: name the data folder by --data DIR`);
  }
  await using source = await openStore(from);
  // Makes the tables, and keeps every master away meanwhile.
  await using _target = await openStore(to);
  const { copyTables } = await import('./postgres/copy-tables.ts');
  return await copyTables(source.read, to, progress ?? (() => {}));
}
