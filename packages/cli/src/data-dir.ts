import process from 'node:process';

export const defaultDataDir = 'weir-data';

/** The farm's data folder: as the command line says, else the environment, else the default. */
export function dataDirOf(given: string | undefined): string {
  return given ?? (process.env['WEIR_DATA'] || defaultDataDir);
}
