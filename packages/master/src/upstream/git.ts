import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { SimpleGit } from 'simple-git';
import { simpleGit } from 'simple-git';

/** A git process that is silent for so long is ended. */
const silenceMs = 120_000;

/** Runs git with arguments; the one way in which the master runs it. */
export interface Git {
  /** Standard output. @throws Error with git's own words */
  run(...args: string[]): Promise<string>;
}

/**
 * Git in a folder of ours, with guard rails: an environment of its own and an empty home, so that no
 * configuration, credential helper or prompt of the operator's is used; no hooks; only the named
 * transports. Never point it at a folder that a build has written.
 *
 * Callers put `--end-of-options` before every value that comes from outside.
 *
 * @param protocols transports that may be used, as GIT_ALLOW_PROTOCOL lists them: `https:ssh`
 */
export function openGit(dir: string, protocols: string, signal: AbortSignal): Git {
  const home = join(dir, 'home');
  mkdirSync(home, { recursive: true });
  const git: SimpleGit = simpleGit({
    baseDir: dir,
    abort: signal,
    timeout: { block: silenceMs },
    // git-remote-http outlives a git that is killed: it must give up by itself.
    config: [
      'core.hooksPath=/dev/null',
      'core.fsmonitor=false',
      'gc.auto=0',
      'http.lowSpeedLimit=1',
      'http.lowSpeedTime=20',
      'transfer.fsckObjects=false',
      'log.showSignature=false',
    ],
    unsafe: { allowUnsafeHooksPath: true, allowUnsafeFsMonitor: true },
    allowEnvironment: ['GIT_ALLOW_PROTOCOL', 'GIT_TERMINAL_PROMPT', 'GIT_CONFIG_NOSYSTEM'],
  }).env({
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C.UTF-8',
    GIT_ALLOW_PROTOCOL: protocols,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
  });
  return {
    async run(...args) {
      try {
        return await git.raw(args);
      } catch (error) {
        throw new Error(`git ${args[0]}: ${firstComplaint(error)}`, { cause: error });
      }
    },
  };
}

/** The line of git's words that says what is wrong. */
function firstComplaint(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').map((line) => line.trim());
  const line = lines.find((each) => /^(fatal|error|remote):/.test(each)) ?? lines.find(Boolean);
  return (line ?? 'failed without a word').replace(/^fatal: /, '').slice(0, 300);
}
