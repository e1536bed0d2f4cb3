import { dirname, join } from 'node:path';
import { ErrorList } from './error-list.ts';
import type { FarmFolder } from './farm-folder.ts';
import { farmFileType } from './options.ts';
import { parseYaml } from './parse-yaml.ts';
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
 * own folder; a path without `*` that is not there is a problem.
 */
export async function readIncluded(
  text: string,
  path: string,
  folder: FarmFolder,
): Promise<IncludedFile[]> {
  const included = new Map<string, IncludedFile>();
  const pathOf = (name: string): string => join(dirname(path), name);
  for (const pattern of patternsOf(text, path)) {
    const found = await folder.find(pattern, maxFiles);
    if (found.length === 0 && !pattern.includes('*')) {
      const missing = pathOf(pattern);
      included.set(missing, { path: missing, text: '', problem: 'is not there' });
    }
    for (const name of found) included.set(pathOf(name), await readOne(name, pathOf(name), folder));
  }
  return [...included.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

async function readOne(name: string, path: string, folder: FarmFolder): Promise<IncludedFile> {
  const read = await folder.read(name);
  return 'problem' in read ? { path, text: '', ...read } : { path, text: read.text, problem: null };
}

/** Of a text that may be broken: what is wrong with it is found when it is read as a whole. */
function patternsOf(text: string, path: string): string[] {
  const errors = new ErrorList(path, text);
  const root = parseYaml(text, errors);
  if (root === null) return [];
  const file = farmFileType.read(root, new Place(errors, '', { start: 0, end: 0 }));
  return file.values.include.map(({ value }) => value);
}
