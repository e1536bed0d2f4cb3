import { glob, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { ErrorList } from './error-list.ts';
import { farmFileType } from './options.ts';
import { parseYaml } from './parse-yaml.ts';
import { readText } from './read-text.ts';
import { Place } from './value-type.ts';

/** A file that a farm file includes; `problem` instead of its text where it can't be read. */
export interface IncludedFile {
  readonly path: string;
  readonly text: string;
  readonly problem: string | null;
}

/** More files than projects of the largest farm are a mistake in a pattern. */
const maxFiles = 10_000;

/**
 * Reads the files that a farm file includes, by path. A pattern matches what lies in the farm file's
 * own folder, links followed; a path without `*` that is not there is a problem.
 */
export async function readIncluded(text: string, path: string): Promise<IncludedFile[]> {
  const folder = dirname(path);
  const included = new Map<string, IncludedFile>();
  for (const pattern of patternsOf(text, path)) {
    const found = await filesOf(pattern, folder);
    if (found.length === 0 && !pattern.includes('*')) {
      const missing = join(folder, pattern);
      included.set(missing, { path: missing, text: '', problem: 'is not there' });
    }
    for (const file of found) included.set(file, await readOne(file, folder));
  }
  return [...included.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Of a text that may be broken: what is wrong with it is found when it is read as a whole. */
function patternsOf(text: string, path: string): string[] {
  const errors = new ErrorList(path, text);
  const root = parseYaml(text, errors);
  if (root === null) return [];
  const file = farmFileType.read(root, new Place(errors, '', { start: 0, end: 0 }));
  return file.values.include.map(({ value }) => value);
}

async function filesOf(pattern: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of glob(pattern, { cwd: folder })) {
    found.push(join(folder, entry));
    if (found.length >= maxFiles) break;
  }
  return found.toSorted();
}

async function readOne(path: string, folder: string): Promise<IncludedFile> {
  if (!(await isWithin(path, folder))) {
    return { path, text: '', problem: "lies outside of the farm file's folder" };
  }
  const read = await readText(path);
  return 'problem' in read ? { path, text: '', ...read } : { path, text: read.text, problem: null };
}

async function isWithin(path: string, folder: string): Promise<boolean> {
  try {
    const way = relative(await realpath(folder), await realpath(path));
    return way !== '..' && !way.startsWith(`..${sep}`);
  } catch {
    // A link that leads nowhere: reading it will say so.
    return true;
  }
}
