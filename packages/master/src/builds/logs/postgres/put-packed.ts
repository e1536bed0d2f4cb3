import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { maxChunkBytes } from '@weir/protocol';
import type { ObjectStore } from '../../objects/object-store.ts';
import { keptBytes } from '../kept.ts';
import type { FinishRecord } from '../log-rows.ts';
import { writePacked } from '../write-packed.ts';

/** Smaller logs are packed into their row: an object each would cost more than it saves. */
const maxInRowBytes = maxChunkBytes;

/** Where packed logs go. */
export interface PackedPlace {
  readonly objects: Pick<ObjectStore, 'take'>;
  /** Where objects are made; on the disk of the object store, where that is one. */
  readonly uploadsDir: string;
}

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export function fitsInRow({ ranges }: FinishRecord): boolean {
  return keptBytes(ranges) <= maxInRowBytes;
}

/** The packed form of a small log. */
export async function packInMemory(
  id: number,
  record: FinishRecord,
  chunks: Chunks,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await writePacked(id, record, chunks, async (bytes) => {
    parts.push(bytes);
  });
  return Buffer.concat(parts);
}

/** Packs a log into an object; it is stored for good when this resolves. */
export async function packIntoObject(
  { objects, uploadsDir }: PackedPlace,
  id: number,
  record: FinishRecord,
  chunks: Chunks,
): Promise<{ sha256: string; bytes: number }> {
  await mkdir(uploadsDir, { recursive: true, mode: 0o700 });
  const path = join(uploadsDir, `log-${id}-${randomUUID()}`);
  try {
    const written = await writeFile(path, id, record, chunks);
    await objects.take(written.sha256, path);
    return written;
  } finally {
    await rm(path, { force: true });
  }
}

async function writeFile(
  path: string,
  id: number,
  record: FinishRecord,
  chunks: Chunks,
): Promise<{ sha256: string; bytes: number }> {
  await using file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  await writePacked(id, record, chunks, async (part) => {
    hash.update(part);
    bytes += part.length;
    // Unlike `write` it does not stop in the middle.
    await file.writeFile(part);
  });
  return { sha256: hash.digest('hex'), bytes };
}
