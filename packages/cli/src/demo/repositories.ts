import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ada, jun, priya, tomasz } from './authors.ts';
import { commitFiles, git, initRepository, type Author } from './git.ts';

export const demoNames = ['pebble', 'roman', 'mosaic'] as const;
export type DemoName = (typeof demoNames)[number];

export interface DemoRepositories {
  /** The address by which the farm file names each repository, to the folder that serves it. */
  readonly remotes: ReadonlyMap<string, string>;
  readonly folders: Readonly<Record<DemoName, string>>;
}

interface PastCommit {
  readonly author: Author;
  readonly message: string;
  readonly files: readonly string[];
}

const histories: Readonly<Record<DemoName, readonly PastCommit[]>> = {
  pebble: [
    { author: ada, message: 'Say what Pebble is', files: ['README.md'] },
    {
      author: ada,
      message: 'Run programs: arithmetic, blocks, strings, checks',
      files: ['pebble.awk', 'pebble', 'build.sh'],
    },
    { author: jun, message: 'Test the language', files: ['test/language.peb'] },
    {
      author: jun,
      message: 'Test strings, and that a wrong program says where',
      files: ['test/strings.peb', 'test/run.sh'],
    },
  ],
  roman: [
    { author: priya, message: 'Write Roman numerals', files: ['README.md', 'roman.peb'] },
    {
      author: priya,
      message: 'Test well-known numerals',
      files: ['test/roman-test.peb', 'test/run.sh'],
    },
    {
      author: jun,
      message: 'Count the letters of all numerals',
      files: ['test/every-numeral-test.peb'],
    },
  ],
  mosaic: [
    {
      author: tomasz,
      message: 'Tiles, mirrors, rotations and frames',
      files: ['README.md', 'mosaic.peb'],
    },
    {
      author: tomasz,
      message: 'Test the patterns',
      files: ['test/mosaic-test.peb', 'test/run.sh'],
    },
  ],
};

const sources = fileURLToPath(new URL('./repositories', import.meta.url));

/** The address of a demo repository. No such host exists: `.example` is reserved by RFC 2606. */
export function demoAddress(name: DemoName): string {
  return `https://git.example/${name}`;
}

/**
 * Makes three real git repositories in a folder that is made, too: a small language and two
 * projects written in it, each with a history of some hours. Needs git alone.
 */
export async function createDemoRepositories(dir: string): Promise<DemoRepositories> {
  const folders = {
    pebble: join(dir, 'pebble'),
    roman: join(dir, 'roman'),
    mosaic: join(dir, 'mosaic'),
  };
  await Promise.all(demoNames.map((name) => createRepository(name, folders[name])));
  // The release that the projects rely on: nothing lands there while the demo runs.
  await git(folders.pebble, ['branch', '1.x']);
  return { remotes: new Map(demoNames.map((name) => [demoAddress(name), folders[name]])), folders };
}

async function createRepository(name: DemoName, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await initRepository(folder);
  const history = histories[name];
  const firstAt = Date.now() - history.length * 3_600_000;
  for (const [index, { author, message, files }] of history.entries()) {
    for (const file of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await cp(join(sources, name, file), join(folder, file));
    }
    const at = new Date(firstAt + index * 3_600_000);
    await commitFiles(folder, files, { author, message, at });
  }
}
