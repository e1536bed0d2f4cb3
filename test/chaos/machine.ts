import { execFile, execFileSync } from 'node:child_process';
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { Need } from './plan.ts';

const run = promisify(execFile);

/** What this machine offers for faults. */
export function offersOf(): ReadonlySet<Need> {
  const offers = new Set<Need>();
  if (process.getuid?.() === 0) offers.add('root');
  if (faketimeLibrary() !== undefined) offers.add('faketime');
  return offers;
}

function faketimeLibrary(): string | undefined {
  return globSync('/usr/lib/*/faketime/libfaketime.so.1')[0];
}

/** A disk of its own, small enough to be filled: a tmpfs. */
export class SmallDisk implements Disposable {
  readonly dir: string;

  constructor(dir: string, bytes: number) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'weir-chaos', dir]);
  }

  /** Until `free`, there is no room for another byte. */
  async fill(): Promise<void> {
    // By another process: whoever writes gigabytes does nothing else, and all lines pass through this one.
    await run('sh', ['-c', 'cat /dev/zero > ballast 2> /dev/null || true'], { cwd: this.dir });
  }

  free(): void {
    rmSync(join(this.dir, 'ballast'), { force: true });
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.dir]);
  }
}

/** The wall clock of some processes, by libfaketime; their monotonic clock goes on as it is. */
export class JumpingClock {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.set(0);
  }

  /** @param seconds after the true time, or before it */
  set(seconds: number): void {
    writeFileSync(this.#path, `${seconds < 0 ? '' : '+'}${seconds}`);
  }

  /** For the environment of who is to live by it. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: faketimeLibrary() ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#path,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** libfaketime leaves two files behind for each process that was killed. */
  static sweep(pids: readonly number[]): void {
    for (const pid of pids) {
      for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`]) {
        rmSync(join('/dev/shm', name), { force: true });
      }
    }
  }
}

/**
 * A port that stays free while its server is down: outside of those that the system hands out for
 * outgoing connections.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
