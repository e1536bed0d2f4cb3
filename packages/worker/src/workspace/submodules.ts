import { isWorkspacePath } from '@weir/protocol';
import type { Git } from './git.ts';
import { RefusedRepositoryError } from './remote.ts';

/** A submodule as the commit that holds it pins it. */
export interface Submodule {
  /** Below the folder of the repository that holds it. */
  readonly path: string;
  /** As it is written: it may be relative. */
  readonly url: string;
  readonly commit: string;
}

/** Of one repository: more would be an attack on the machine. */
const maxSubmodules = 200;

/**
 * The submodules of a commit in a mirror: what its `.gitmodules` names and its tree pins. Both come
 * from whoever could push to the project.
 *
 * @throws RefusedRepositoryError, GitError
 */
export async function submodulesOf(
  git: Git,
  { mirror, commit }: { mirror: string; commit: string },
  signal: AbortSignal,
): Promise<Submodule[]> {
  const within = [`--git-dir=${mirror}`, '--literal-pathspecs'];
  const file = `${commit}:.gitmodules`;
  if (!(await git.test([...within, 'cat-file', '-e', file], { signal }))) return [];
  const read = ['config', '--no-includes', `--blob=${file}`, '-z', '--list'];
  const named = urlsIn(await git.output([...within, ...read], { signal }));
  if (named.size === 0) return [];
  if (named.size > maxSubmodules) {
    throw new RefusedRepositoryError(`.gitmodules names more than ${maxSubmodules} submodules`);
  }
  const list = ['ls-tree', '-z', '--full-tree', commit, '--', ...named.keys()];
  const pinned = await git.output([...within, ...list], { signal });
  return pinned.split('\0').flatMap((line) => {
    const [, hash, path] = /^160000 commit ([0-9a-f]{40,64})\t(.+)$/s.exec(line) ?? [];
    const url = path === undefined ? undefined : named.get(path);
    return hash === undefined || path === undefined || url === undefined
      ? []
      : [{ path, url, commit: hash }];
  });
}

/** By path, what `git config -z --list` prints of a `.gitmodules`. */
function urlsIn(listed: string): Map<string, string> {
  const byName = new Map<string, Record<string, string>>();
  for (const entry of listed.split('\0')) {
    const [, name, key, value] = /^submodule\.(.+)\.(path|url|update)\n(.*)$/s.exec(entry) ?? [];
    if (name === undefined || key === undefined || value === undefined) continue;
    byName.set(name, { ...byName.get(name), [key]: value });
  }
  const urls = new Map<string, string>();
  for (const { path = '', url, update } of byName.values()) {
    // Its project does not want it to be checked out with the rest.
    if (url === undefined || update === 'none') continue;
    if (!isWorkspacePath(path)) {
      throw new RefusedRepositoryError(
        `submodule ${JSON.stringify(path)} is refused: that is no path within its repository`,
      );
    }
    urls.set(path, url);
  }
  return urls;
}
