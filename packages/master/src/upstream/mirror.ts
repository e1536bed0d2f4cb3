import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { maxChangeFiles } from '@weir/model';
import type { Git } from './git.ts';
import { openGit } from './git.ts';
import { parseCommits } from './parse-commits.ts';
import type { Commit } from './parse-commits.ts';
import type { RemoteAddress } from './repository-url.ts';

/** What a remote says of the branches that were asked for. */
export interface RemoteHeads {
  /** Branch to the commit at its tip; a branch that is not there is missing. */
  readonly heads: ReadonlyMap<string, string>;
  /** The repository has no branch at all. */
  readonly isEmpty: boolean;
}

/** A bare mirror of one repository: only what is followed is fetched into it. */
export class Mirror {
  readonly #git: Git;
  readonly #address: string;

  private constructor(git: Git, address: string) {
    this.#git = git;
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
    const isNew = !existsSync(join(dir, 'HEAD'));
    mkdirSync(dir, { recursive: true });
    const git = openGit(dir, remote.protocols, signal);
    if (isNew) await git.run('init', '--bare', '--quiet', '--end-of-options', dir);
    return new Mirror(git, remote.address);
  }

  async remoteHeads(branches: readonly string[]): Promise<RemoteHeads> {
    const refs = branches.map((branch) => `refs/heads/${branch}`);
    const heads = parseHeads(await this.#lsRemote(refs));
    const wanted = new Map(branches.flatMap((branch) => entryOf(heads, branch)));
    const isEmpty = wanted.size === 0 && parseHeads(await this.#lsRemote([])).size === 0;
    return { heads: wanted, isEmpty };
  }

  #lsRemote(refs: readonly string[]): Promise<string> {
    return this.#git.run('ls-remote', '--heads', '--end-of-options', this.#address, ...refs);
  }

  /** Fetches a branch; the commit at its tip as it is now, which may be newer than what was heard. */
  async fetch(branch: string): Promise<string> {
    const ref = localRef(branch);
    await this.#git.run(
      'fetch',
      '--quiet',
      '--no-tags',
      '--force',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--end-of-options',
      this.#address,
      `+refs/heads/${branch}:${ref}`,
    );
    const tip = await this.#git.run('rev-parse', '--verify', '--end-of-options', `${ref}^{commit}`);
    return tip.trim();
  }

  async isAncestor(ancestor: string, commit: string): Promise<boolean> {
    return (await this.mergeBase(ancestor, commit)) === ancestor;
  }

  /** The best common ancestor; null when the histories have nothing in common. */
  async mergeBase(a: string, b: string): Promise<string | null> {
    try {
      return (await this.#git.run('merge-base', '--end-of-options', a, b)).trim() || null;
    } catch {
      // Exit status 1 without a word: none. A commit that the mirror has lost has none either.
      return null;
    }
  }

  /** The newest `limit` commits on the first-parent line of `to` that `from` does not contain, oldest first. */
  async firstParentLine(from: string | null, to: string, limit: number): Promise<Commit[]> {
    const output = await this.#git.run(
      'log',
      '-z',
      '--first-parent',
      `--max-count=${limit}`,
      '--no-show-signature',
      '--no-mailmap',
      `--format=${parseCommits.format}`,
      '--end-of-options',
      from === null ? to : `${from}..${to}`,
      '--',
    );
    return parseCommits(output).toReversed();
  }

  /** The paths that a commit touches, against its first parent. */
  async filesOf({ hash, parent }: Pick<Commit, 'hash' | 'parent'>): Promise<string[]> {
    const trees = parent === null ? ['--root', hash] : [parent, hash];
    const output = await this.#git.run(
      'diff-tree',
      '-r',
      '-z',
      '--name-only',
      '--no-commit-id',
      '--no-renames',
      ...trees,
    );
    return output.split('\0').filter(Boolean).slice(0, maxChangeFiles);
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
  return `${name
    .replace(/[^a-z0-9._-]/gi, '')
    .replace(/^[.-]+/, '')
    .slice(0, 40)}-${hash}.git`;
}

/** A name of our own for each branch, so that no branch's name can be in another one's way. */
function localRef(branch: string): string {
  return `refs/weir/${createHash('sha256').update(branch).digest('hex')}`;
}

/** `HASH TAB REF` lines. */
function parseHeads(output: string): Map<string, string> {
  const heads = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [hash, ref] = line.split('\t');
    if (hash !== undefined && ref !== undefined && /^[0-9a-f]{40,64}$/.test(hash)) {
      heads.set(ref, hash);
    }
  }
  return heads;
}

function entryOf(heads: ReadonlyMap<string, string>, branch: string): [string, string][] {
  // ls-remote matches the end of a ref: `x/refs/heads/main` would answer for `refs/heads/main`, too.
  const hash = heads.get(`refs/heads/${branch}`);
  return hash === undefined ? [] : [[branch, hash]];
}
