import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { maxResolvedBytes } from '@weir/protocol';
import type { ResolvedFile } from '@weir/protocol';
import { saysDiskFull } from '../runner/disk-full.ts';
import { folderWithin } from '../workspace/within.ts';

/**
 * Keeps the files in which a step left what its dependencies came to, as files of `dir` that are
 * named by the SHA-256 of what is in them. Nothing of the step runs any more.
 */
export function recordResolved(
  workspace: string,
  paths: readonly string[],
  dir: string,
): ResolvedFile[] {
  return paths.map((path) => {
    const content = readPlain(workspace, path);
    if (typeof content === 'string') return { path, object: null, text: content };
    const sha256 = createHash('sha256').update(content).digest('hex');
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      writeFileSync(join(dir, sha256), content, { mode: 0o600 });
    } catch (error) {
      if (!saysDiskFull(error)) throw error;
      return { path, object: null, text: "the worker's disk is full" };
    }
    return { path, object: { sha256, bytes: content.length }, text: '' };
  });
}

/** A plain file of the workspace; a text says why it can't be read. */
function readPlain(workspace: string, path: string): Buffer | string {
  const folder = folderWithin(workspace, path);
  const missing = 'it is not there';
  if (folder === null) return missing;
  let file: number;
  try {
    // A pipe is not waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    file = openSync(join(folder, basename(path)), flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return missing;
    return code === 'EACCES' ? 'it may not be read' : 'it is no plain file';
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return 'it is no plain file';
    if (stat.size > maxResolvedBytes) {
      return `it is larger than ${maxResolvedBytes / 1024 ** 2} MiB`;
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
