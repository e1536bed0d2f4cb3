import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ada, ines, jun, kofi, priya, tomasz } from './authors.ts';
import { commitFiles, initRepository, tagRelease, type Author } from './git.ts';

export const demoNames = ['pebble', 'roman', 'mosaic', 'dice', 'sundial'] as const;
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
      message: 'Run programs: names, functions, branches, loops',
      files: ['lib/pebble.awk', 'bin/pebble', 'build.sh'],
    },
    { author: jun, message: 'Test the language', files: ['lib/test.sh', 'test/language.peb'] },
    {
      author: jun,
      message: 'Test texts, and that wrong programs say where',
      files: ['test/text.peb', 'test/run.sh'],
    },
    { author: ada, message: 'Install packages', files: ['lib/install.sh'] },
  ],
  roman: [
    { author: priya, message: 'Write Roman numerals', files: ['README.md', 'roman.peb'] },
    { author: priya, message: 'Test well-known numerals', files: ['test/roman.peb'] },
    { author: jun, message: 'Go there and back again', files: ['test/all.peb', 'package'] },
  ],
  mosaic: [
    {
      author: tomasz,
      message: 'Repeats, mirrors, rotations and frames',
      files: ['README.md', 'mosaic.peb', 'package'],
    },
    { author: tomasz, message: 'Test the patterns', files: ['test/mosaic.peb', 'test/long.peb'] },
  ],
  dice: [
    { author: kofi, message: 'Throw dice', files: ['README.md', 'dice.peb', 'odds.peb'] },
    { author: kofi, message: 'Test throws and odds', files: ['test/dice.peb', 'test/odds.peb'] },
    { author: kofi, message: 'Publish dice', files: ['package', 'test/published.sh'] },
  ],
  sundial: [
    {
      author: ines,
      message: 'Tell the hour in Roman numerals',
      files: ['README.md', 'sundial.peb', 'package'],
    },
    { author: ines, message: 'Test the dial', files: ['test/sundial.peb'] },
  ],
};

/** What the package index has: projects that were released before the demo begins. */
const released: readonly DemoName[] = ['roman', 'dice'];

const sources = fileURLToPath(new URL('./repositories', import.meta.url));

/** The address of a demo repository. No such host exists: `.example` is reserved by RFC 2606. */
export function demoAddress(name: DemoName): string {
  return `https://git.example/${name}`;
}

/**
 * Makes real git repositories in a folder that is made, too: a small language and four projects
 * written in it, each with a history of some hours. Needs git alone.
 */
export async function createDemoRepositories(dir: string): Promise<DemoRepositories> {
  const folderOf = (name: DemoName): string => join(dir, name);
  await Promise.all(demoNames.map((name) => createRepository(name, folderOf(name))));
  const folders = {
    pebble: folderOf('pebble'),
    roman: folderOf('roman'),
    mosaic: folderOf('mosaic'),
    dice: folderOf('dice'),
    sundial: folderOf('sundial'),
  };
  for (const name of released) await tagRelease(folders[name], '1.0');
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
