import { hostname } from 'node:os';
import process from 'node:process';

/** What this process is called among those of its farm: what it was told, else its machine's name. */
export function memberNameOf(given: string | undefined): string {
  return given ?? (process.env['WEIR_NAME'] || hostname());
}
