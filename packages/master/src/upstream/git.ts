import { simpleGit } from 'simple-git';
import { BoundedOutput } from './bounded-output.ts';
import { gitEnvironment } from './git-environment.ts';
import { causeOf, RepositoryError } from './repository-error.ts';

/** Output beyond this is not read: the process is ended. */
const maxOutputBytes = 16 * 1024 * 1024;

const configuration = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  // In the foreground, so that nothing writes to a mirror behind our back; big packs are left alone.
  'gc.autoDetach=false',
  'gc.bigPackThreshold=64m',
  // git-remote-http outlives a git that is killed: it must give up by itself.
  'http.lowSpeedLimit=1',
  'http.lowSpeedTime=20',
];

/** The guards of simple-git against what we set ourselves, above and in the environment. */
const unsafe = {
  allowUnsafeHooksPath: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeSshCommand: true,
  allowUnsafeTemplateDir: true,
};

export interface GitOptions {
  /** Standard input. */
  readonly input?: string;
  /** A git that says nothing for so long is ended; a minute by default. */
  readonly silenceMs?: number;
}

export interface GitOutput {
  readonly text: string;
  /** There was more than is read. */
  readonly isCut: boolean;
}

/** How git ended, other than by being killed or with complaints. */
interface GitResult {
  readonly bytes: Buffer;
  readonly isCut: boolean;
  /** Exit status 1 without a word: git's way to say no. */
  readonly isNo: boolean;
}

/**
 * Git on one bare repository of ours: the one way in which the master runs it. With guard rails: an
 * environment of its own, no hooks, only the named transports, never a repository other than `dir`.
 * Callers put `--end-of-options` before every value that comes from outside.
 *
 * Each function throws RepositoryError when git fails, and the signal's reason when that aborts.
 */
export class Git {
  readonly #dir: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;

  /** @param protocols transports that may be used, as GIT_ALLOW_PROTOCOL lists them: `https:ssh` */
  constructor(dir: string, protocols: string, signal: AbortSignal) {
    this.#dir = dir;
    this.#environment = gitEnvironment(dir, protocols);
    this.#signal = signal;
  }

  /** The whole output. */
  async run(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.bytes(args, options)).toString('utf8');
  }

  /** The whole output, byte for byte. */
  async bytes(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
    const { bytes, isCut } = await this.#succeed(args, options);
    if (isCut) throw new RepositoryError(`git ${args[0]} said more than is read of it`);
    return bytes;
  }

  /** As much of the output as is read at most; bytes that are no UTF-8 become U+FFFD. */
  async read(args: readonly string[], options: GitOptions = {}): Promise<GitOutput> {
    const { bytes, isCut } = await this.#succeed(args, options);
    return { text: bytes.toString('utf8'), isCut };
  }

  /** Null where git says no. */
  async find(args: readonly string[]): Promise<string | null> {
    const { bytes, isNo } = await this.#execute(args, {});
    return isNo ? null : bytes.toString('utf8');
  }

  async #succeed(args: readonly string[], options: GitOptions): Promise<GitResult> {
    const result = await this.#execute(args, options);
    if (result.isNo) throw new RepositoryError(`git ${args[0]} failed without a word`);
    return result;
  }

  async #execute(
    args: readonly string[],
    { input, silenceMs = 60_000 }: GitOptions,
  ): Promise<GitResult> {
    const output = new BoundedOutput(maxOutputBytes);
    let isNo = false;
    let words = '';
    const git = simpleGit({
      baseDir: this.#dir,
      abort: AbortSignal.any([this.#signal, output.full]),
      timeout: { block: silenceMs },
      // By default what is unread 50 ms after the exit is lost. A busy engine needs longer, but not
      // for ever: a transport that git left behind holds its output open.
      completion: { onClose: true, onExit: 2_000 },
      config: configuration,
      unsafe,
      allowEnvironment: Object.keys(this.#environment),
      ...(input !== undefined && { input: () => input }),
      // By default a git that fails without a word, or is killed, has succeeded.
      errors: (error, { exitCode, stdErr }) => {
        words = Buffer.concat(stdErr).toString();
        isNo = exitCode === 1 && words === '' && error === undefined;
        return error ?? (exitCode === 0 || isNo ? undefined : new Error(`exit status ${exitCode}`));
      },
    })
      .env(this.#environment)
      .outputHandler((_command, stdout) => stdout.on('data', (chunk) => output.add(chunk)));
    try {
      await git.raw([...args]);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!output.full.aborted) {
        throw new RepositoryError(causeOf(words || String(error)), { cause: error });
      }
    }
    return { bytes: output.bytes(), isCut: output.full.aborted, isNo };
  }
}
