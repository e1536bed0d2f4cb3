import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Git } from './git.ts';
import { lfsEnvironment } from './lfs.ts';

export interface Checkout {
  readonly mirror: string;
  readonly commit: string;
  /** An empty folder. */
  readonly dir: string;
  /** Where the step will find the mirror's objects: inside a sandbox it is another path. */
  readonly objectsPath: string;
  /** Where git LFS fetches the files that the commit points at; absent: the pointers stay. */
  readonly lfsUrl?: string;
}

/**
 * Checks a commit out of a mirror with one run of git, and makes a repository round it that
 * borrows the mirror's objects. It neither copies nor links them: a build that could write into
 * the mirror could change what later builds check out.
 */
export async function checkOut(
  git: Git,
  { mirror, commit, dir, objectsPath, lfsUrl }: Checkout,
  signal: AbortSignal,
): Promise<void> {
  const repository = join(dir, '.git');
  mkdirSync(join(repository, 'objects', 'info'), { recursive: true });
  mkdirSync(join(repository, 'refs', 'heads'), { recursive: true });
  const filters = lfsUrl === undefined ? {} : lfsEnvironment(lfsUrl);
  // The index names no path, so it can be written beside the files that it describes.
  await git.run(
    [`--git-dir=${mirror}`, `--work-tree=${dir}`, 'read-tree', '-u', '--reset', commit],
    {
      signal,
      env: { GIT_INDEX_FILE: join(repository, 'index'), ...filters },
    },
  );
  writeFileSync(join(repository, 'config'), configuration(commit));
  writeFileSync(join(repository, 'packed-refs'), tagsOf(mirror));
  writeFileSync(join(repository, 'objects', 'info', 'alternates'), `${objectsPath}\n`);
  writeFileSync(join(repository, 'HEAD'), `${commit}\n`);
  // Where history is cut off: git would look for the commits before.
  const shallow = join(mirror, 'shallow');
  if (existsSync(shallow)) writeFileSync(join(repository, 'shallow'), readFileSync(shallow));
}

function configuration(commit: string): string {
  const core = '[core]\n\tbare = false\n\tfilemode = true\n\trepositoryformatversion =';
  return commit.length === 64
    ? `${core} 1\n[extensions]\n\tobjectformat = sha256\n`
    : `${core} 0\n`;
}

/** The mirror's packed tags, each with the line after it that says what an annotated one names. */
function tagsOf(mirror: string): string {
  const lines = readFileSync(join(mirror, 'packed-refs'), 'utf8').split('\n');
  const isTag = (line = ''): boolean => line.includes(' refs/tags/');
  const kept = lines.filter(
    (line, index) =>
      line.startsWith('#') || isTag(line) || (line.startsWith('^') && isTag(lines[index - 1])),
  );
  return `${kept.join('\n')}\n`;
}
