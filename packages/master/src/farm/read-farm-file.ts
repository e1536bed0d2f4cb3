import { basename, dirname, resolve } from 'node:path';
import type { Farm } from '@weir/model';
import type { FarmFiles } from '@weir/protocol';
import { crossCheck } from './cross-check.ts';
import { ErrorList } from './error-list.ts';
import type { FarmFileError } from './farm-file-error.ts';
import type { FarmTexts } from './farm-files.ts';
import { filesOf } from './farm-files.ts';
import type { FarmFolder } from './farm-folder.ts';
import { diskFolder, sentFolder } from './farm-folder.ts';
import { farmOf } from './farm-of.ts';
import { mergeIncluded } from './merge-included.ts';
import { farmFileType } from './options.ts';
import { parseYaml } from './parse-yaml.ts';
import type { IncludedFile } from './read-included.ts';
import { readIncluded } from './read-included.ts';
import { Place } from './value-type.ts';

export type FarmReading =
  | { readonly ok: true; readonly farm: Farm; readonly texts: FarmTexts }
  /** All that is wrong, file by file, in the order of each. */
  | { readonly ok: false; readonly errors: readonly FarmFileError[]; readonly texts: FarmTexts };

export interface FarmReadingOptions {
  /** Repository to absolute path, from the command line: they win over the file's own. */
  readonly remotes?: ReadonlyMap<string, string>;
  /** What paths in the file are relative to; its own folder by default. */
  readonly base?: string;
}

/**
 * Reads and checks a farm file as a whole, with the files that it includes. What is wrong with it is
 * an answer, not an exception.
 */
export function readFarmFile(path: string, options: FarmReadingOptions = {}): Promise<FarmReading> {
  return readFarm(diskFolder(dirname(path)), path, options);
}

/** Checks a farm file that was sent or kept. What came with it and is not included is an error. */
export async function readFarmFiles(
  files: FarmFiles,
  options: FarmReadingOptions = {},
): Promise<FarmReading> {
  const reading = await readFarm(sentFolder(files), files.path, options);
  const read = new Set(filesOf(reading.texts).included.map(({ path }) => path));
  const stray = files.included.filter(({ path }) => !read.has(path));
  if (!reading.ok || stray.length === 0) return reading;
  const errors = stray.map(({ path }) => unreadable(path, 'no pattern of include names it'));
  return { ok: false, errors, texts: reading.texts };
}

/** @param path how errors name it; in the folder it has the last part of that as its name */
export async function readFarm(
  folder: FarmFolder,
  path: string,
  options: FarmReadingOptions = {},
): Promise<FarmReading> {
  const read = await folder.read(basename(path));
  if ('problem' in read) {
    return { ok: false, errors: [unreadable(path, read.problem)], texts: new Map([[path, '']]) };
  }
  const included = await readIncluded(read.text, path, folder);
  return readFarmText(read.text, path, { ...options, included });
}

/** Checks the text of a farm file and of what it includes. Touches no file: `path` is what errors name. */
export function readFarmText(
  text: string,
  path: string,
  {
    remotes = new Map(),
    base = resolve(dirname(path)),
    included = [],
  }: FarmReadingOptions & { included?: readonly IncludedFile[] } = {},
): FarmReading {
  const errors = new ErrorList(path, text);
  const texts = new Map([[path, text], ...included.map((file) => [file.path, file.text] as const)]);
  const root = parseYaml(text, errors);
  if (root === null) return { ok: false, errors: errors.inOrder(), texts };
  const own = farmFileType.read(root, new Place(errors, '', { start: 0, end: 0 }));
  const { file, lists } = mergeIncluded(own, path, included);
  crossCheck(file, new Set(remotes.keys()), { errors, ofProject: lists.ofProject });
  const problems = [
    ...errors.inOrder(),
    ...included.flatMap(({ path: its, problem }) =>
      problem === null ? (lists.ofFile.get(its)?.inOrder() ?? []) : [unreadable(its, problem)],
    ),
  ];
  if (problems.length > 0) return { ok: false, errors: problems, texts };
  const farm = farmOf(file, base);
  return { ok: true, farm: { ...farm, remotes: new Map([...farm.remotes, ...remotes]) }, texts };
}

function unreadable(file: string, problem: string): FarmFileError {
  const nowhere = { line: 0, column: 0, length: 0, path: '' };
  return { file, ...nowhere, problem, expected: null, came: null, suggestion: null };
}
