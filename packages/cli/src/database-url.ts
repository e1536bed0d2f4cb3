import process from 'node:process';
import { UsageError } from './usage.ts';

/**
 * The farm's database, as the command line says, else the environment; null: a file in its data folder.
 *
 * @throws UsageError when it is no PostgreSQL's
 */
export function databaseUrlOf(given: string | undefined): string | null {
  // A variable that is set to nothing, as compose files do it, is not set.
  const url = given ?? (process.env['WEIR_DATABASE_URL'] || null);
  // It may hold a password: it is not repeated.
  if (url !== null && !/^postgres(ql)?:\/\//.test(url)) {
    throw new UsageError('the database is named like postgres://USER@HOST/NAME');
  }
  return url;
}
