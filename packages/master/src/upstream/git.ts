import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { SimpleGit } from 'simple-git';
import { simpleGit } from 'simple-git';
import { causeOf, RepositoryError } from './repository-error.ts';

/** A git process that says nothing for so long is ended. */
const defaultSilenceMs = 120_000;
/** Output beyond this is not read: the process is ended. */
const maxOutputBytes = 16 * 1024 * 1024;
/** A git that has ended may leave a transport behind that holds its output open. */
const graceMs = 2_000;

const configuration = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  // In the foreground, so that nothing writes to a mirror behind our back; big packs are left as they are.
  'gc.autoDetach=false',
  'gc.bigPackThreshold=64m',
  // git-remote-http outlives a git that is killed: it must give up by itself.
  'http.lowSpeedLimit=1',
  'http.lowSpeedTime=20',
];

/** What a machine behind a proxy needs; everything else of the operator's environment stays out. */
const proxies = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'];

export interface GitOptions {
  /** Standard input. */
  readonly input?: string;
  readonly silenceMs?: number;
}

export interface GitOutput {
  readonly text: string;
  /** There was more than is read. */
  readonly isCut: boolean;
}

/**
 * Git on one bare repository of ours: the one way in which the master runs it. Each function throws
 * RepositoryError when git fails. Callers put `--end-of-options` before every value that comes
 * from outside.
 */
export interface Git {
  run(args: readonly string[], options?: GitOptions): Promise<string>;
  /** As much of the output as is read at most. */
  read(args: readonly string[], options?: GitOptions): Promise<GitOutput>;
  /** Null where git says no by exit status 1, without a word. */
  find(args: readonly string[]): Promise<string | null>;
}

/**
 * Git with guard rails: an environment of its own and an empty home, so that nothing of the
 * operator's (configuration, credential helpers, prompts) is used; no hooks; only the named
 * transports; never a repository other than `dir`, even if that is broken. (ssh alone finds the
 * keys and known hosts of the user that runs the master, by that user's id.)
 *
 * @param protocols transports that may be used, as GIT_ALLOW_PROTOCOL lists them: `https:ssh`
 */
export function openGit(dir: string, protocols: string, signal: AbortSignal): Git {
  const environment = environmentOf(dir, protocols);

  async function execute(
    args: readonly string[],
    { input, silenceMs = defaultSilenceMs }: GitOptions,
  ): Promise<GitOutput & { exitCode: number | null; words: string }> {
    const output = new BoundedOutput(maxOutputBytes);
    let exitCode: number | null = null;
    let words = '';
    const git: SimpleGit = simpleGit({
      baseDir: dir,
      abort: AbortSignal.any([signal, output.isFull]),
      timeout: { block: silenceMs },
      // By default output that is not read 50 ms after the exit is lost: a busy engine needs longer.
      completion: { onClose: true, onExit: graceMs },
      config: configuration,
      allowEnvironment: Object.keys(environment).filter((name) => name.startsWith('GIT_')),
      unsafe: {
        allowUnsafeHooksPath: true,
        allowUnsafeFsMonitor: true,
        allowUnsafeSshCommand: true,
        allowUnsafeTemplateDir: true,
      },
      ...(input !== undefined && { input: () => input }),
      // By default a git that fails without a word, or is killed, counts as a success.
      errors: (error, result) => {
        exitCode = result.exitCode;
        words = Buffer.concat(result.stdErr).toString();
        return error ?? (exitCode === 0 ? undefined : new Error(`git ${args[0]} failed`));
      },
    })
      .env(environment)
      .outputHandler((_command, stdout) => stdout.on('data', (bytes) => output.add(bytes)));
    try {
      await git.raw([...args]);
    } catch (error) {
      signal.throwIfAborted();
      if (exitCode === 1 && words === '') return { ...output.read(), exitCode, words };
      if (!output.isFull.aborted) {
        throw new RepositoryError(causeOf(words || String(error)), { cause: error });
      }
    }
    return { ...output.read(), exitCode, words };
  }

  async function read(args: readonly string[], options: GitOptions = {}): Promise<GitOutput> {
    const result = await execute(args, options);
    if (result.exitCode === 1) throw new RepositoryError(`git ${args[0]} failed without a word`);
    return result;
  }

  return {
    read,
    async run(args, options) {
      const { text, isCut } = await read(args, options);
      if (isCut) throw new RepositoryError(`git ${args[0]} said more than is read of it`);
      return text;
    },
    async find(args) {
      const { text, exitCode } = await execute(args, {});
      return exitCode === 1 ? null : text;
    },
  };
}
