import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderName } from './folder-name.ts';
import { GitError } from './git.ts';
import type { Git } from './git.ts';
import { FileLock } from './lock.ts';
import type { Remote } from './remote.ts';

/** The folder of all mirrors, and git to fill them with. */
export interface Mirrors {
  readonly git: Git;
  readonly dir: string;
}

/** A commit that is wanted of a repository. */
export interface Wanted {
  /** As it is named; where it is fetched from is its remote's to say. */
  readonly repository: string;
  readonly commit: string;
  /** The branch that it was on; null: not known. */
  readonly ref: string | null;
  /** So many commits of history, and no tags; absent: all of it. */
  readonly depth?: number;
}

/**
 * Makes sure that the local bare mirror of a repository has the pinned commit, and returns the
 * mirror's path. The network is asked only when the commit is absent.
 *
 * @throws GitError when the commit can't be had.
 */
export async function ensureMirror(
  { git, dir }: Mirrors,
  wanted: Wanted,
  remote: Remote,
  signal: AbortSignal,
): Promise<string> {
  const { repository, commit, depth } = wanted;
  // History that was cut off for one is cut off for all that share it.
  const name = depth === undefined ? repository : `${repository}#depth=${depth}`;
  const mirror = join(dir, `${folderName(name)}.git`);
  if (existsSync(markerOf(mirror, commit))) return mirror;
  using _lock = await FileLock.take(`${mirror}.lock`, 'exclusive', signal);
  if (existsSync(markerOf(mirror, commit))) return mirror;
  if (!existsSync(join(mirror, 'HEAD'))) {
    const format = commit.length === 64 ? 'sha256' : 'sha1';
    await git.run(['init', '--quiet', '--bare', `--object-format=${format}`, mirror], { signal });
  }
  await fetchCommit(git, mirror, wanted, remote, signal);
  return mirror;
}

/** Tries one way after the other until the commit is there. */
async function fetchCommit(
  git: Git,
  mirror: string,
  wanted: Wanted,
  { url, transport }: Remote,
  signal: AbortSignal,
): Promise<void> {
  const { repository, commit } = wanted;
  const within = [`--git-dir=${mirror}`];
  const fetch = [...within, 'fetch', '--quiet', '--no-write-fetch-head', '--no-tags'];
  const isThere = (): Promise<boolean> =>
    git.test([...within, 'cat-file', '-e', '--end-of-options', `${commit}^{commit}`], {
      signal,
    });
  let refusal: GitError | null = null;
  for (const { options, refs } of waysTo(wanted)) {
    const error = await git
      .run([...fetch, ...options, '--end-of-options', url, ...refs], { signal, transport })
      .then(() => null, keepGitError);
    refusal ??= error;
    if (await isThere()) break;
  }
  if (!(await isThere())) {
    const said = refusal?.message ?? 'it is not there';
    throw new GitError(`commit ${commit} can't be had from ${repository}: ${said}`);
  }
  // The commit stays reachable, whatever happens to the branch.
  await git.run([...within, 'update-ref', `refs/weir/${commit}`, commit], { signal });
  await git.run([...within, 'pack-refs', '--all'], { signal });
  mkdirSync(join(mirror, 'weir'), { recursive: true });
  writeFileSync(markerOf(mirror, commit), '');
}

interface Way {
  readonly options: readonly string[];
  readonly refs: readonly string[];
}

/**
 * The branch and its tags first, as others will want them; a commit that was pushed over is asked for
 * by itself. Where history is cut off, or no branch is known, it is asked for by itself at once: a
 * server that gives none so is asked for branches with all of their history.
 */
function waysTo({ commit, ref, depth }: Wanted): Way[] {
  const branch = ref === null || ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
  const byItself = { options: depth === undefined ? [] : [`--depth=${depth}`], refs: [commit] };
  if (branch === null) {
    return [byItself, { options: [], refs: ['+refs/heads/*:refs/heads/*'] }];
  }
  const ofBranch = `+${branch}:${branch}`;
  return depth === undefined
    ? [{ options: [], refs: [ofBranch, '+refs/tags/*:refs/tags/*'] }, byItself]
    : [byItself, { options: [], refs: [ofBranch] }];
}

function keepGitError(error: unknown): GitError {
  if (error instanceof GitError) return error;
  throw error;
}

/** A file that says that a commit is here with all that it needs: cheaper than asking git. */
function markerOf(mirror: string, commit: string): string {
  return join(mirror, 'weir', commit);
}
