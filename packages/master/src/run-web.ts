import type { LogFormat } from './log.ts';

export interface RunWebOptions {
  /** `postgres://...` */
  readonly databaseUrl: string;
  /** What is being uploaded, and objects unless they are elsewhere. */
  readonly dataDir: string;
  /** See `objectsPlaceOf`. */
  readonly objectsUrl: string | null;
  /** The masters' Redis, for admins to look into; null: pages say nothing of it. */
  readonly redisUrl: URL | null;
  /** What this process is called among those of its farm. */
  readonly name: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly logFormat: LogFormat;
  readonly json: boolean;
}

/**
 * Runs the web role alone, beside the engines that share the database, until SIGTERM or SIGINT.
 * Resolves with the exit status.
 *
 * @throws StoreAwayError when there is no such database
 * @throws FarmFileErrors when this program can't read the farm file in force
 * @throws Error when the port is taken, the objects' address is none or not the masters', or a master
 *   has the database for itself
 */
export async function runWeb(options: RunWebOptions): Promise<number> {
  // A master has its web role in a thread, and need not load it here.
  const { runWebProcess } = await import('./web-process.ts');
  return runWebProcess(options);
}
