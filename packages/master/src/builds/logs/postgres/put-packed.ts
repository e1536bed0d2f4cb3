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

/** A packed log: the columns that say where it is. */
export interface Packed {
  /** Of the packed form. */
  readonly bytes: number;
  /** The object; null: it is `inRow`. */
  readonly sha256: string | null;
  readonly inRow: Uint8Array | null;
}

/** Packs a finished log; as an object it is stored for good when this resolves. */
export async function putPacked(
  place: PackedPlace,
  id: number,
  record: FinishRecord,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Packed> {
  if (keptBytes(record.ranges) > maxInRowBytes) return putObject(place, id, record, chunks);
  const parts: Uint8Array[] = [];
  await writePacked(id, record, chunks, async (bytes) => {
    parts.push(bytes);
  });
  const inRow = Buffer.concat(parts);
  return { bytes: inRow.length, sha256: null, inRow };
}

async function putObject(
  { objects, uploadsDir }: PackedPlace,
  id: number,
  record: FinishRecord,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Packed> {
  await mkdir(uploadsDir, { recursive: true, mode: 0o700 });
  const path = join(uploadsDir, `log-${id}-${randomUUID()}`);
  try {
    const { sha256, bytes } = await writeFile(path, id, record, chunks);
    await objects.take(sha256, path);
    return { bytes, sha256, inRow: null };
  } finally {
    await rm(path, { force: true });
  }
}

async function writeFile(
  path: string,
  id: number,
  record: FinishRecord,
  chunks: AsyncIterable<Uint8Array>,
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
