import { Buffer, isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Farm } from '@weir/model';
import { crossCheck } from './cross-check.ts';
import { ErrorList } from './error-list.ts';
import type { FarmFileError } from './farm-file-error.ts';
import { farmOf } from './farm-of.ts';
import { farmFileType } from './options.ts';
import { parseYaml } from './parse-yaml.ts';
import { Place } from './value-type.ts';

export type FarmReading =
  | { readonly ok: true; readonly farm: Farm; readonly text: string }
  /** All that is wrong, in the order of the file. `text` is empty when it could not be read. */
  | { readonly ok: false; readonly errors: readonly FarmFileError[]; readonly text: string };

export interface FarmReadingOptions {
  /** Repository to absolute path, from the command line: they win over the file's own. */
  readonly remotes?: ReadonlyMap<string, string>;
}

/** A farm of 1,000 projects needs about 300 KiB. */
export const maxFarmFileBytes = 1024 * 1024;

/** Reads and checks a farm file as a whole. What is wrong with it is an answer, not an exception. */
export async function readFarmFile(
  path: string,
  options: FarmReadingOptions = {},
): Promise<FarmReading> {
  let bytes: Buffer;
  try {
    bytes = await readAtMost(path, maxFarmFileBytes + 1);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return unreadable(path, `can't be read: ${reason}`);
  }
  if (bytes.length > maxFarmFileBytes) return unreadable(path, 'larger than 1 MiB');
  if (!isUtf8(bytes)) return unreadable(path, 'no UTF-8 text');
  // The byte order mark of some editors is no part of the text.
  return readFarmText(bytes.toString('utf8').replace(/^\uFEFF/, ''), path, options);
}

/**
 * Checks the text of a farm file. Touches no file: `path` is what errors name, and what paths in
 * the file are relative to.
 */
export function readFarmText(
  text: string,
  path: string,
  { remotes = new Map() }: FarmReadingOptions = {},
): FarmReading {
  const errors = new ErrorList(path, text);
  const root = parseYaml(text, errors);
  if (root === null) return { ok: false, errors: errors.inOrder(), text };
  const file = farmFileType.read(root, new Place(errors, '', { start: 0, end: 0 }));
  crossCheck(file, new Set(remotes.keys()), errors);
  if (!errors.isEmpty) return { ok: false, errors: errors.inOrder(), text };
  const farm = farmOf(file, resolve(path));
  return { ok: true, farm: { ...farm, remotes: new Map([...farm.remotes, ...remotes]) }, text };
}

async function readAtMost(path: string, max: number): Promise<Buffer> {
  await using file = await open(path);
  const buffer = Buffer.alloc(max);
  let length = 0;
  while (length < max) {
    const { bytesRead } = await file.read(buffer, length, max - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function unreadable(file: string, problem: string): FarmReading {
  const nowhere = { line: 0, column: 0, length: 0, path: '' };
  const error = { file, ...nowhere, problem, expected: null, came: null, suggestion: null };
  return { ok: false, errors: [error], text: '' };
}
