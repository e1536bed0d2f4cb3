import type { Git } from './git.ts';
import { RepositoryError } from './repository-error.ts';

/** Ordinary files by their paths from the folder, with their ids: no links, no submodules. */
export async function listFiles(
  git: Git,
  commit: string,
  folder: string,
): Promise<Map<string, string>> {
  const prefix = folder === '' ? '' : `${folder}/`;
  const within = prefix === '' ? [] : [prefix];
  const args = ['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', commit, '--', ...within];
  const files = new Map<string, string>();
  for (const entry of (await git.run(args)).split('\0')) {
    const [, id, path] = /^100(?:644|755) blob ([0-9a-f]{40,64})\t([^]+)$/.exec(entry) ?? [];
    if (id !== undefined && path?.startsWith(prefix)) files.set(path.slice(prefix.length), id);
  }
  return files;
}

/** What files hold, byte for byte, in the order of their ids. */
export async function readContents(git: Git, ids: readonly string[]): Promise<Buffer[]> {
  if (ids.length === 0) return [];
  const output = await git.bytes(['cat-file', '--batch'], { input: `${ids.join('\n')}\n` });
  const contents: Buffer[] = [];
  let at = 0;
  for (const id of ids) {
    const end = output.indexOf('\n', at);
    const [name, type, size] = output.subarray(at, end).toString().split(' ');
    if (name !== id || type !== 'blob') throw new RepositoryError(`the file ${id} is not there`);
    contents.push(output.subarray(end + 1, end + 1 + Number(size)));
    // A newline of git's own stands behind each.
    at = end + 1 + Number(size) + 1;
  }
  return contents;
}
