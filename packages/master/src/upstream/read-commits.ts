import { maxChangeFiles } from '@weir/model';
import type { Git } from './git.ts';
import { commitFormat, parseCommits } from './parse-commits.ts';
import type { Commit } from './parse-commits.ts';
import { parseFileLists } from './parse-file-lists.ts';
import { RepositoryError } from './repository-error.ts';

/** A commit with the paths that it touches against its first parent: at most `maxChangeFiles`. */
export interface CommitWithFiles extends Commit {
  readonly files: readonly string[];
}

/** Reads commits that the mirror has, in the order given, which is oldest first. */
export async function readCommits(git: Git, hashes: readonly string[]): Promise<CommitWithFiles[]> {
  const commits = await inTurns(hashes, (rest) => readHeaders(git, rest));
  const files = await inTurns(commits, (rest) => readFiles(git, rest));
  return commits.map((commit, index) => ({ ...commit, files: files[index] ?? [] }));
}

/**
 * Reads something of each item. One process may not get through all of them, since only so much
 * of its output is read; the next begins where it ended.
 */
async function inTurns<Item, Read>(
  items: readonly Item[],
  read: (rest: readonly Item[]) => Promise<Read[]>,
): Promise<Read[]> {
  const all: Read[] = [];
  while (all.length < items.length) {
    const some = await read(items.slice(all.length));
    if (some.length === 0) throw new RepositoryError('a commit is too large to be read');
    all.push(...some);
  }
  return all;
}

async function readHeaders(git: Git, hashes: readonly string[]): Promise<Commit[]> {
  const { text } = await git.read([
    'log',
    '-z',
    '--no-walk=unsorted',
    '--no-show-signature',
    '--no-mailmap',
    `--format=${commitFormat}`,
    '--end-of-options',
    ...hashes,
    '--',
  ]);
  return parseCommits(text, hashes);
}

async function readFiles(git: Git, commits: readonly Commit[]): Promise<string[][]> {
  const pairs = commits.map(({ hash, parent }) => (parent === null ? hash : `${hash} ${parent}`));
  const { text, isCut } = await git.read(
    ['diff-tree', '--stdin', '--always', '--root', '-r', '-z', '--name-only', '--no-renames'],
    { input: `${pairs.join('\n')}\n` },
  );
  const hashes = commits.map(({ hash }) => hash);
  return parseFileLists(text, hashes, { isCut, maxFiles: maxChangeFiles });
}
