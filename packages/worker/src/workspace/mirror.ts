import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceSpec } from '@weir/protocol';
import { folderName } from './folder-name.ts';
import { GitError } from './git.ts';
import type { Git } from './git.ts';
import { FileLock } from './lock.ts';
import { resolveRemote } from './remote.ts';
import type { Remote } from './remote.ts';

/**
 * Makes sure that the local bare mirror of a repository has the pinned commit, and returns the
 * mirror's path. The network is asked only when the commit is absent.
 *
 * @throws RefusedRepositoryError for a URL that this worker does not fetch from.
 * @throws GitError when the commit can't be had.
 */
export async function ensureMirror(
  git: Git,
  mirrors: string,
  source: SourceSpec,
  remotes: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  // Asked even when the commit is here: what is refused is refused from the first build on.
  const remote = resolveRemote(source.repository, remotes);
  const mirror = join(mirrors, `${folderName(source.repository)}.git`);
  if (existsSync(markerOf(mirror, source.commit))) return mirror;
  using _lock = await FileLock.take(`${mirror}.lock`, 'exclusive', signal);
  if (existsSync(markerOf(mirror, source.commit))) return mirror;
  if (!existsSync(join(mirror, 'HEAD'))) {
    const format = source.commit.length === 64 ? 'sha256' : 'sha1';
    await git.run(['init', '--quiet', '--bare', `--object-format=${format}`, mirror], { signal });
  }
  await fetchCommit(git, mirror, source, remote, signal);
  return mirror;
}

/** The branch and its tags first; a commit that was pushed over is asked for by itself. */
async function fetchCommit(
  git: Git,
  mirror: string,
  { ref, commit, repository }: SourceSpec,
  { url, transport }: Remote,
  signal: AbortSignal,
): Promise<void> {
  const branch = ref.startsWith('refs/') ? ref : `refs/heads/${ref}`;
  const within = [`--git-dir=${mirror}`];
  const fetch = [...within, 'fetch', '--quiet', '--no-write-fetch-head', '--no-tags'];
  const options = { signal, transport };
  const isThere = (): Promise<boolean> =>
    git.test([...within, 'cat-file', '-e', '--end-of-options', `${commit}^{commit}`], {
      signal,
    });
  const branchError = await git
    .run(
      [...fetch, '--end-of-options', url, `+${branch}:${branch}`, '+refs/tags/*:refs/tags/*'],
      options,
    )
    .then(() => null, keepGitError);
  if (!(await isThere())) {
    try {
      await git.run([...fetch, '--end-of-options', url, commit], options);
    } catch (cause) {
      if (!(cause instanceof GitError)) throw cause;
      const said = branchError?.message ?? cause.message;
      throw new GitError(`commit ${commit} can't be had from ${repository}: ${said}`, { cause });
    }
  }
  // The commit stays reachable, whatever happens to the branch.
  await git.run([...within, 'update-ref', `refs/weir/${commit}`, commit], { signal });
  await git.run([...within, 'pack-refs', '--all'], { signal });
  mkdirSync(join(mirror, 'weir'), { recursive: true });
  writeFileSync(markerOf(mirror, commit), '');
}

function keepGitError(error: unknown): GitError {
  if (error instanceof GitError) return error;
  throw error;
}

/** A file that says that a commit is here with all that it needs: cheaper than asking git. */
function markerOf(mirror: string, commit: string): string {
  return join(mirror, 'weir', commit);
}
