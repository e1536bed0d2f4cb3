import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Author {
  readonly name: string;
  readonly email: string;
}

/** Makes an empty repository with a branch `main`, whatever the user's own defaults are. */
export async function initRepository(folder: string): Promise<void> {
  await git(folder, ['init', '--quiet']);
  await git(folder, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
}

/** Commits the named files as they are on disk. */
export async function commitFiles(
  folder: string,
  files: readonly string[],
  { author, message, at }: { author: Author; message: string; at: Date },
): Promise<void> {
  await git(folder, ['add', '--', ...files]);
  const date = at.toISOString();
  await git(folder, ['commit', '--quiet', '--no-verify', '--no-gpg-sign', '-m', message], {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_COMMITTER_DATE: date,
  });
}

/** Tags the newest commit as a release, for those who clone over plain HTTP, too. */
export async function tagRelease(folder: string, version: string): Promise<void> {
  await git(folder, ['tag', `v${version}`]);
  await git(folder, ['update-server-info']);
}

export async function git(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await run('git', ['-C', folder, ...args], {
    env: {
      PATH: process.env['PATH'],
      // Neither a user's hooks and templates nor a repository around this one take part.
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TEMPLATE_DIR: '',
      ...env,
    },
  });
  return stdout;
}
