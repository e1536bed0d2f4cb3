import { RepositoryError } from './repository-error.ts';

/** What is kept of a path, in characters. */
const maxPath = 1_000;

/**
 * Reads the output of `git diff-tree --stdin --always -z --name-only` for the given commits: each
 * one's hash, then the paths that it touches, all ended by NUL. A list ends only at the hash of the
 * very commit that comes next. No path in it can be that hash, since the commits come oldest first
 * and a commit's hash depends on the trees before it.
 *
 * Output that was cut holds fewer lists; the last one is then incomplete and counts only when it is
 * the first.
 *
 * @returns at most `maxFiles` paths for each commit
 * @throws RepositoryError when the output does not fit
 */
export function parseFileLists(
  output: string,
  hashes: readonly string[],
  { isCut, maxFiles }: { isCut: boolean; maxFiles: number },
): string[][] {
  const lists: string[][] = [];
  let list: string[] = [];
  // What follows the last NUL is nothing, or a path cut short.
  for (const part of output.split('\0').slice(0, -1)) {
    if (part === hashes[lists.length]) {
      list = [];
      lists.push(list);
    } else if (lists.length === 0) {
      throw new RepositoryError(`git diff-tree: ${hashes[0]} was expected`);
    } else if (list.length < maxFiles) {
      list.push(part.slice(0, maxPath));
    }
  }
  if (isCut && lists.length > 1) lists.pop();
  if (!isCut && lists.length < hashes.length) {
    throw new RepositoryError('git diff-tree: commits are missing');
  }
  return lists;
}
