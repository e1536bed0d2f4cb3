import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles, readContents } from './files-of-commit.ts';
import { Git } from './git.ts';
import { readCommits } from './read-commits.ts';
import type { CommitWithFiles } from './read-commits.ts';
import { headOf, localRef, parseHeads, refOf, refsFolder } from './refs.ts';
import { RepositoryError } from './repository-error.ts';
import type { RemoteAddress } from './repository-url.ts';

/** A server that counts what to send, or a check of a large mirror, may say nothing for so long. */
const longSilenceMs = 600_000;

/** What a remote says of the branches that were asked for. */
export interface RemoteHeads {
  /** Branch to the commit at its tip; a branch that is not there is missing. */
  readonly heads: ReadonlyMap<string, string>;
  /** The repository has no branch at all. */
  readonly isEmpty: boolean;
}

/**
 * A bare mirror of one repository: only what is followed is fetched into it. It is a copy that can
 * be made again at any time. Its functions throw RepositoryError when the remote or git fails.
 */
export class Mirror {
  readonly #git: Git;
  readonly #dir: string;
  readonly #address: string;

  private constructor(git: Git, dir: string, address: string) {
    this.#git = git;
    this.#dir = dir;
    this.#address = address;
  }

  /** Opens the mirror of a repository under `root`, or makes an empty one. */
  static async open(
    root: string,
    repository: string,
    remote: RemoteAddress,
    signal: AbortSignal,
  ): Promise<Mirror> {
    const dir = join(root, folderOf(repository));
    const mirror = new Mirror(new Git(dir, remote.protocols, signal), dir, remote.address);
    if (!existsSync(join(dir, 'HEAD'))) await mirror.#init();
    return mirror;
  }

  async #init(): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    await this.#git.run(['init', '--bare', '--quiet', '--template=']);
  }

  /** Asks the remote where its branches are. */
  async remoteHeads(branches: readonly string[]): Promise<RemoteHeads> {
    const asked = parseHeads(await this.#lsRemote(branches.map(refOf)));
    const heads = new Map(branches.flatMap((branch) => headOf(asked, branch)));
    const isEmpty = heads.size === 0 && parseHeads(await this.#lsRemote([])).size === 0;
    return { heads, isEmpty };
  }

  async #lsRemote(refs: readonly string[]): Promise<string> {
    const args = ['ls-remote', '--heads', '--end-of-options', this.#address, ...refs];
    return (await this.#git.read(args)).text;
  }

  /** Fetches a branch; the commit at its tip as it is now, which may be newer than what was heard. */
  async fetch(branch: string): Promise<string> {
    const ref = localRef(branch);
    await this.#git.run(
      [
        'fetch',
        // What it says shows that it is alive.
        '--progress',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--update-shallow',
        '--end-of-options',
        this.#address,
        `+${refOf(branch)}:${ref}`,
      ],
      { silenceMs: longSilenceMs },
    );
    const tip = await this.#git.run([
      'rev-parse',
      '--verify',
      '--end-of-options',
      `${ref}^{commit}`,
    ]);
    return tip.trim();
  }

  /** The best common ancestor; null when there is none, or the mirror does not have `a` any more. */
  async mergeBase(a: string, b: string): Promise<string | null> {
    const exists = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${a}^{commit}`];
    if ((await this.#git.find(exists)) === null) return null;
    const base = await this.#git.find(['merge-base', '--end-of-options', a, b]);
    return base?.trim() ?? null;
  }

  /** The newest `limit` commits on the first-parent line of `to` that `from` does not contain, oldest first. */
  async firstParentLine(from: string | null, to: string, limit: number): Promise<string[]> {
    const lines = await this.#git.run([
      'rev-list',
      '--first-parent',
      `--max-count=${limit}`,
      '--end-of-options',
      from === null ? to : `${from}..${to}`,
      '--',
    ]);
    return lines.split('\n').filter(Boolean).toReversed();
  }

  /** What the commits say and touch, in the order given, which is oldest first. */
  commits(hashes: readonly string[]): Promise<CommitWithFiles[]> {
    return readCommits(this.#git, hashes);
  }

  /** The files of a commit in a folder (empty: the whole tree), by their paths from there. */
  files(commit: string, folder: string): Promise<Map<string, string>> {
    return listFiles(this.#git, commit, folder);
  }

  /** What files hold, by the ids that `files` gave; in their order. */
  contents(ids: readonly string[]): Promise<Buffer[]> {
    return readContents(this.#git, ids);
  }

  /**
   * Puts right what a power cut or a full disk left: a lock that nobody holds, a file cut short. True
   * when there was something, so that another try has a chance; the mirror may be empty then.
   */
  async repair(): Promise<boolean> {
    const locks = await this.#locks();
    for (const lock of locks) await rm(lock, { force: true });
    if (locks.length > 0) return true;
    try {
      const args = ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'];
      await this.#git.run(args, { silenceMs: longSilenceMs });
      return false;
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error;
      await rm(this.#dir, { recursive: true, force: true });
      await this.#init();
      return true;
    }
  }

  /** Nothing but this engine works in the mirror, and it does so one process at a time. */
  async #locks(): Promise<string[]> {
    const top = await readdir(this.#dir);
    const refs = await readdir(join(this.#dir, refsFolder)).catch(() => []);
    const files = [...top, ...refs.map((name) => join(refsFolder, name))];
    return files.filter((name) => name.endsWith('.lock')).map((name) => join(this.#dir, name));
  }
}

/** A folder name that tells people which repository it holds, and can't be chosen by its URL. */
function folderOf(repository: string): string {
  const hash = createHash('sha256').update(repository).digest('hex').slice(0, 16);
  const name =
    repository
      .replace(/\.git$/, '')
      .split(/[/:]/)
      .at(-1) ?? '';
  const slug = name
    .replace(/[^a-z0-9._-]/gi, '')
    .replace(/^[.-]+/, '')
    .slice(0, 40);
  return `${slug}-${hash}.git`;
}
