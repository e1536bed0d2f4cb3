import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isLoopback } from '../join/find-farm.ts';
import { printable } from '../printable.ts';
import { detectPlatform } from '../process/platform.ts';
import { detectSandbox } from '../sandbox/detect.ts';
import { emptyTrash, removeTree } from '../workspace/wipe.ts';
import { ReproduceUsageError } from './error.ts';
import { askForBuild } from './farm-build.ts';
import { reproduce } from './reproduce.ts';
import { pathsHere } from './run-here.ts';
import { conclusion, introduction } from './words.ts';

const defaultFarm = 'http://127.0.0.1:8010';

export const reproduceUsage = `weir reproduce BUILD [OPTIONS]

Runs the steps of a farm's build on this machine: with the same runtime by its hash, the same commit,
scripts, environment and limits, in the sandbox of workers. In the end it says whether the farm's
result came again, and what is not the same here. It needs git and bubblewrap, joins no farm, and
needs no key.

  BUILD              the number of the build, as in the address of its page, or that address
  --farm URL         the farm's address (default: that of BUILD, else $WEIR_URL, else ${defaultFarm})
  --dir DIR          leave the workspace in DIR/builds/BUILD/work, with the mirrors and runtimes that
                     the next time begins with (default: all is removed in the end)
  --sandbox KIND     bubblewrap (default), or none: the steps may then do whatever this user may
  --remote URL=PATH  a local mirror that serves in place of URL; repeatable
  --insecure         allow a farm that is not reached by https
  --json             print the outcome; what is run then shows on standard error

A runtime that the farm does not have is built first, from its commit, as the farm's worker was told.
The exit status is 0 when the farm's result came again, 1 when it did not, 2 when the command line is
not understood, 130 after Ctrl-C.
`;

const interrupted = 'interrupted';
const interruptedStatus = 130;

/** `weir reproduce`. Resolves with the exit status. */
export async function runReproduce(args: string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(reproduceUsage);
    return 0;
  }
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(interrupted);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  try {
    return await run(parse(args), stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return interruptedStatus;
    if (!(error instanceof Error)) throw error;
    const isUsage = error instanceof ReproduceUsageError;
    process.stderr.write(`weir reproduce: ${printable(error.message)}\n`);
    if (process.env['WEIR_DEBUG'] !== undefined) process.stderr.write(`${error.stack}\n`);
    if (isUsage) process.stderr.write("'weir reproduce --help' says how it is used.\n");
    return isUsage ? 2 : 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  }
}

interface Asked {
  readonly build: number;
  readonly farm: string;
  readonly dir: string | undefined;
  readonly sandbox: 'bubblewrap' | 'none' | undefined;
  readonly remotes: Readonly<Record<string, string>>;
  readonly isJson: boolean;
}

async function run(
  { build: id, farm, dir, ...asked }: Asked,
  signal: AbortSignal,
): Promise<number> {
  const found = await askForBuild({ farm, signal }, id);
  const platform = detectPlatform();
  const out = asked.isJson ? process.stderr : process.stdout;
  return withFolder(dir, async (dataDir) => {
    emptyTrash(join(dataDir, 'trash'));
    const sandbox = detectSandbox(asked.sandbox, join(dataDir, 'etc'), platform.limits);
    out.write(introduction(found, sandbox));
    const here = { dataDir, platform, sandbox, remotes: asked.remotes, farm, signal, out };
    const outcome = await reproduce(here, found);
    if (signal.aborted) return interruptedStatus;
    const workspace = dir === undefined ? null : pathsHere(here, id).work;
    process.stdout.write(
      asked.isJson
        ? `${JSON.stringify({ ...outcome, workspace })}\n`
        : conclusion(outcome, workspace),
    );
    return outcome.cameAgain ? 0 : 1;
  });
}

/** A folder that was named stays; else there is one for as long as the work takes. */
async function withFolder(
  named: string | undefined,
  work: (dir: string) => Promise<number>,
): Promise<number> {
  if (named !== undefined) {
    mkdirSync(named, { recursive: true, mode: 0o700 });
    return work(resolve(named));
  }
  const dir = mkdtempSync(join(tmpdir(), 'weir-'));
  // Whoever reads the output may have read enough: then the process ends at once.
  const sweep = (): void => rmSync(dir, { recursive: true, force: true });
  process.once('exit', sweep);
  try {
    return await work(dir);
  } finally {
    await removeTree(dir);
    process.off('exit', sweep);
  }
}

function parse(args: string[]): Asked {
  const { values, positionals } = parseWords(args);
  const [named, ...rest] = positionals;
  if (named === undefined || rest.length > 0) {
    throw new ReproduceUsageError('it takes one build: its number, or the address of its page');
  }
  const page = /^(https?:\/\/[^?#]+)\/builds\/([^/?#]+)/.exec(named);
  const [, address, number = named] = page ?? [];
  const build = /^[1-9]\d{0,14}$/.test(number) ? Number(number) : undefined;
  if (build === undefined) {
    throw new ReproduceUsageError(`'${named}' is neither a build's number nor its page's address`);
  }
  const { dir, sandbox, remote = [], insecure = false, json: isJson = false } = values;
  if (sandbox !== undefined && sandbox !== 'bubblewrap' && sandbox !== 'none') {
    throw new ReproduceUsageError(`--sandbox takes bubblewrap or none, not '${sandbox}'`);
  }
  const farm = parseFarm(
    values.farm ?? address ?? (process.env['WEIR_URL'] || defaultFarm),
    insecure,
  );
  return { build, farm, dir, sandbox, remotes: parseRemotes(remote), isJson };
}

function parseWords(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        farm: { type: 'string' },
        dir: { type: 'string' },
        sandbox: { type: 'string' },
        remote: { type: 'string', multiple: true },
        insecure: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new ReproduceUsageError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** What is run here is what the farm says: nobody between may say something else. */
function parseFarm(text: string, insecure: boolean): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new ReproduceUsageError(`'${text}' is no address of a farm: https://... was expected`);
  }
  if (url.protocol === 'http:' && !isLoopback(url) && !insecure) {
    throw new ReproduceUsageError(
      `${text} is not https: pass --insecure if you trust every machine between`,
    );
  }
  return url.href;
}

function parseRemotes(values: readonly string[]): Record<string, string> {
  const remotes: Record<string, string> = {};
  for (const value of values) {
    const at = value.lastIndexOf('=');
    if (at < 1 || at === value.length - 1) {
      throw new ReproduceUsageError(`--remote takes URL=PATH, not '${value}'`);
    }
    remotes[value.slice(0, at)] = resolve(value.slice(at + 1));
  }
  return remotes;
}
