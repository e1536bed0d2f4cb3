import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { killNow } from '../process/kill-now.ts';

/** What of the agent's environment git and ssh need to reach a remote. */
const passedOn = [
  'PATH',
  'SSH_AUTH_SOCK',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
];

/**
 * All configuration that git sees, but for what it writes into the mirrors itself: no hooks, no
 * filters, clean-up only while the mirror is locked, and an end to a server that stalls.
 */
const configuration = `[core]
\thooksPath = /dev/null
\tfsmonitor = false
[gc]
	autoDetach = false
[http]
	lowSpeedLimit = 1
	lowSpeedTime = 60
[submodule]
\trecurse = false
[safe]
\tdirectory = *
`;

const maxOutputBytes = 4_000;
/** Of what is read to the end. */
const maxReadBytes = 1024 * 1024;

export class GitError extends Error {
  override readonly name = 'GitError';
  readonly code = 'git-failed';
}

export interface GitOptions {
  readonly signal: AbortSignal;
  /** Git may use this transport and no other; none at all when absent. */
  readonly transport?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs git outside of every sandbox, on mirrors that no build can write. */
export class Git {
  readonly #home: string;

  /** @param home A folder for git's configuration; made when absent. */
  constructor(home: string) {
    this.#home = home;
    const path = join(home, 'config');
    if (existsSync(path)) return;
    mkdirSync(home, { recursive: true });
    const part = `${path}.${process.pid}`;
    writeFileSync(part, configuration);
    renameSync(part, path);
  }

  /** Whether git succeeded; for questions whose answer is the exit code. */
  async test(args: readonly string[], options: GitOptions): Promise<boolean> {
    return (await this.#exec(args, options)).code === 0;
  }

  /** @throws GitError with what git said when it fails. */
  async run(args: readonly string[], options: GitOptions): Promise<void> {
    const { code, stderr } = await this.#exec(args, options);
    if (code === 0) return;
    const said = stderr.trim().split('\n').slice(-5).join('; ');
    throw new GitError(`git ${args.find((arg) => !arg.startsWith('-'))}: ${said}`);
  }

  /** What git prints, without the line's end. @throws GitError */
  async line(args: readonly string[], options: GitOptions): Promise<string> {
    const { code, stdout, stderr } = await this.#exec(args, options);
    if (code !== 0) throw new GitError(`git ${args.join(' ')}: ${stderr.trim()}`);
    return stdout.trim();
  }

  /** All that git prints, at most a mebibyte. @throws GitError */
  async output(args: readonly string[], options: GitOptions): Promise<string> {
    const { code, stdout, stderr } = await this.#exec(args, options, maxReadBytes + 1);
    if (code !== 0) throw new GitError(`git ${args.join(' ')}: ${stderr.trim()}`);
    if (stdout.length <= maxReadBytes) return stdout;
    throw new GitError(`git ${args.join(' ').slice(0, 200)}: it prints too much`);
  }

  async #exec(
    args: readonly string[],
    { signal, transport, env }: GitOptions,
    maxStdout = maxOutputBytes,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    signal.throwIfAborted();
    const child = spawn('git', args, {
      cwd: this.#home,
      env: { ...this.#environment(transport), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    // Of the whole group: git-remote-https would stay behind.
    const end = (): void => {
      if (child.pid !== undefined) killNow(-child.pid);
    };
    signal.addEventListener('abort', end, { once: true });
    const closed = once(child, 'close');
    let stdout = '';
    let stderr = '';
    (child.stdout as Readable | undefined)?.on('data', (chunk: Buffer) => {
      stdout = (stdout + chunk.toString()).slice(-maxStdout);
    });
    // There is none when the machine has no file descriptor left: then the wait ends with an error.
    (child.stderr as Readable | undefined)?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-maxOutputBytes);
    });
    try {
      const [code] = (await closed) as [number | null];
      signal.throwIfAborted();
      return { code, stdout, stderr };
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  #environment(transport = ''): Record<string, string> {
    const passed = passedOn.map((name) => [name, process.env[name]]);
    return {
      ...Object.fromEntries(passed.filter(([, value]) => value !== undefined)),
      HOME: this.#home,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: join(this.#home, 'config'),
      GIT_ALLOW_PROTOCOL: transport,
      GIT_TERMINAL_PROMPT: '0',
      GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    };
  }
}
