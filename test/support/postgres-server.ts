import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const versionsDir = '/usr/lib/postgresql';
/** Nothing here outlives a power cut. */
export const postgresSettings = [
  'fsync=off',
  'full_page_writes=off',
  'max_connections=200',
  'shared_buffers=64MB',
];

/** A PostgreSQL server of its own, on a Unix socket in a folder of its own. */
export interface PostgresServer extends AsyncDisposable {
  /** The address of a database of it. */
  url(database: string): string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. */
  start(): Promise<void>;
  /** It hangs with all its sessions: takes connections and answers nothing, until `resume`. */
  pause(): void;
  resume(): void;
}

/** The programs of the newest server on this machine, as Debian installs them; undefined when there is none. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(versionsDir)) return undefined;
  const versions = readdirSync(versionsDir).toSorted((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(versionsDir, version, 'bin'))
    .find((dir) => existsSync(join(dir, 'initdb')));
}

/** Makes a server and starts it. It ends with this process, however that ends. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error(`there is no PostgreSQL in ${versionsDir}`);
  const dir = mkdtempSync(join(tmpdir(), 'weir-postgres-'));
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? postgresUser() : undefined;
  if (user !== undefined) chownSync(dir, user.uid, user.gid);
  const data = join(dir, 'data');
  const options = ['--no-sync', '--auth=trust', '--username=weir', '--encoding=UTF8'];
  execFileSync(join(programs, 'initdb'), [...options, '--locale=C.UTF-8', '--pgdata', data], {
    cwd: dir,
    stdio: 'pipe',
    ...user,
  });
  const server = { programs, dir, data, user };
  let running = await run(server);
  return {
    url: (database) => `postgres:///${database}?host=${encodeURIComponent(dir)}&user=weir`,
    kill: () => running.end('SIGQUIT'),
    async start() {
      running = await run(server);
    },
    pause: () => running.signal('SIGSTOP'),
    resume: () => running.signal('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await running.end('SIGQUIT');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface ServerFolder {
  readonly programs: string;
  readonly dir: string;
  readonly data: string;
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

async function run({ programs, dir, data, user }: ServerFolder): Promise<{
  end(signal: NodeJS.Signals): Promise<void>;
  /** To the server and all of its sessions. */
  signal(signal: NodeJS.Signals): void;
}> {
  const settings = ['listen_addresses=', ...postgresSettings];
  const args = ['-D', data, '-k', dir, ...settings.flatMap((setting) => ['-c', setting])];
  const command = ['--pdeathsig', 'QUIT', join(programs, 'postgres'), ...args];
  const child = spawn('setpriv', command, {
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  });
  const ended = once(child, 'exit');
  let said = '';
  const ready = (async () => {
    for await (const line of createInterface({ input: child.stderr })) {
      said += `${line}\n`;
      if (line.includes('ready to accept connections')) return;
    }
    throw new Error(`PostgreSQL did not start:\n${said}`);
  })();
  await ready;
  child.stderr.resume();
  return {
    async end(signal) {
      // What stands still hears no other signal.
      signalAll(child.pid, 'SIGCONT');
      child.kill(signal);
      await ended;
    },
    signal: (signal) => signalAll(child.pid, signal),
  };
}

function signalAll(server: number | undefined, signal: NodeJS.Signals): void {
  const list = `/proc/${server}/task/${server}/children`;
  if (server === undefined || !existsSync(list)) return;
  const children = readFileSync(list, 'utf8');
  for (const pid of [server, ...children.split(' ').filter((word) => word !== '')]) {
    try {
      process.kill(Number(pid), signal);
    } catch (error) {
      // A session that ended meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function postgresUser(): { uid: number; gid: number } {
  const id = (option: string): number =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
