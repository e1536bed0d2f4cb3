import { glob, realpath } from 'node:fs/promises';
import { basename, join, posix, relative, sep } from 'node:path';
import type { FarmFiles } from '@weir/protocol';
import { checkedText, readText } from './read-text.ts';
import type { TextOrProblem } from './read-text.ts';

/** The folder of a farm file, wherever it is: on disk, in what was sent, in a commit. */
export interface FarmFolder {
  /** The files that match, named from the folder, at most so many. */
  find(pattern: string, max: number): Promise<string[]>;
  read(path: string): Promise<TextOrProblem>;
}

/** A folder on disk. Nothing outside of it is read, links followed. */
export function diskFolder(folder: string): FarmFolder {
  return {
    async find(pattern, max) {
      const found: string[] = [];
      for await (const entry of glob(pattern, { cwd: folder })) {
        found.push(entry);
        if (found.length >= max) break;
      }
      return found;
    },
    async read(path) {
      const isWithin = await leadsInto(join(folder, path), folder);
      if (!isWithin) return { problem: "lies outside of the farm file's folder" };
      return readText(join(folder, path));
    },
  };
}

async function leadsInto(path: string, folder: string): Promise<boolean> {
  try {
    const way = relative(await realpath(folder), await realpath(path));
    return way !== '..' && !way.startsWith(`..${sep}`);
  } catch {
    // A link that leads nowhere: reading it will say so.
    return true;
  }
}

/** The files that were sent or kept, and no others. */
export function sentFolder({ path, text, included }: FarmFiles): FarmFolder {
  const texts = new Map(included.map((file) => [file.path, file.text]));
  return {
    ...listedFolder([...texts.keys()]),
    async read(file) {
      const found = file === basename(path) ? text : texts.get(file);
      return found === undefined ? { problem: 'is not there' } : checkedText(Buffer.from(found));
    },
  };
}

/** How to find files by pattern where all that there are is known. */
export function listedFolder(files: readonly string[]): Pick<FarmFolder, 'find'> {
  return {
    async find(pattern, max) {
      const glob = posix.normalize(pattern);
      return files.filter((file) => posix.matchesGlob(file, glob)).slice(0, max);
    },
  };
}
