import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Written last: a folder without it is no backup. */
export const manifestFile = 'backup.json';
/** A line for each file, as `sha256sum --check` reads them. */
export const sumsFile = 'SHA256SUMS';

const count = z.number().int().nonnegative();
const manifestSchema = z.object({
  format: z.literal(1),
  /** The moment whose facts it holds, milliseconds UTC. */
  takenAt: count,
  /** The newest migration of the store, and the oldest program that runs on it. */
  schema: count,
  oldestProgram: count,
  builds: count,
  logs: count,
  /** Lists of tests and the like that were not in the data folder: they may be elsewhere. */
  missingObjects: count.optional(),
  files: count,
  sizeBytes: count,
  /** Of `SHA256SUMS`. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

/** A folder is no backup, or one that is damaged. */
export class BadBackupError extends Error {
  override readonly name = 'BadBackupError';
  readonly code = 'bad-backup';
}

/** @throws BadBackupError when the folder holds no backup, or its list of files is damaged */
export async function readManifest(folder: string): Promise<BackupManifest> {
  let text: string;
  try {
    text = await readFile(join(folder, manifestFile), 'utf8');
  } catch (error) {
    throw new BadBackupError(`${folder} holds no backup, or one that did not come to its end`, {
      cause: error,
    });
  }
  const manifest = manifestSchema.safeParse(parseJson(text));
  if (!manifest.success) {
    throw new BadBackupError(`${join(folder, manifestFile)} is damaged, or of a newer weir`);
  }
  if ((await sha256Of(join(folder, sumsFile))) !== manifest.data.sha256) {
    throw new BadBackupError(`${join(folder, sumsFile)} is damaged`);
  }
  return manifest.data;
}

export interface BackupFile {
  /** Below the folder, with slashes. */
  readonly path: string;
  readonly sha256: string;
}

/** The files of a backup. @throws BadBackupError when a line is not what a backup writes */
export async function* readSums(folder: string): AsyncGenerator<BackupFile, void> {
  for await (const line of createInterface({ input: createReadStream(join(folder, sumsFile)) })) {
    const [, sha256, path] = /^([0-9a-f]{64}) {2}([\w@.-]+(?:\/[\w@.-]+)*)$/.exec(line) ?? [];
    if (sha256 === undefined || path === undefined || path.split('/').includes('..')) {
      throw new BadBackupError(`${sumsFile} holds a line that is no file of a backup: ${line}`);
    }
    yield { path, sha256 };
  }
}

/** Hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
