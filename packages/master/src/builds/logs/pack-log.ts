import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { countLineEnds, decompress } from './bytes.ts';
import { keptBytes } from './kept.ts';
import type { FinishRecord } from './log-rows.ts';
import { endOf } from './log-rows.ts';
import type { LogFile } from './open-log-file.ts';
import type { PackedFrame } from './packed-log.ts';
import { encodeIndex, packedFrameBytes } from './packed-log.ts';

const compress = promisify(zstdCompress);
const thorough = { params: { [constants.ZSTD_c_compressionLevel]: 9 } };

/**
 * Writes a finished log as one object. It has its name only when all of it is on the disk. The
 * compression runs in the thread pool: the writer thread goes on with what comes in.
 *
 * @param file asked for anew after each pause
 */
export async function packLog(
  id: number,
  record: FinishRecord,
  file: () => LogFile,
  path: string,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.part`;
  try {
    await writeObject(unfinished, id, record, file);
    await rename(unfinished, path);
  } catch (error) {
    // On a full disk it would take the last room.
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeObject(
  path: string,
  id: number,
  record: FinishRecord,
  file: () => LogFile,
): Promise<void> {
  await using object = await open(path, 'w');
  const { frames, end } = await writeFrames(object, id, record, file);
  const { bytes: printed, ranges, lines } = record;
  const index = { printed, ranges, bytes: keptBytes(ranges), lines, frames, end };
  await object.writeFile(encodeIndex(index));
  await object.sync();
}

async function writeFrames(
  object: FileHandle,
  id: number,
  record: FinishRecord,
  file: () => LogFile,
): Promise<{ frames: PackedFrame[]; end: number }> {
  const hash = createHash('sha256');
  const frames: PackedFrame[] = [];
  let [end, fromByte, firstLine] = [0, 0, 0];
  for (const raw of rawFrames(id, file)) {
    hash.update(raw);
    frames.push([end, fromByte, firstLine]);
    fromByte += raw.length;
    firstLine += countLineEnds(raw);
    const frame = await compress(raw, thorough);
    // Unlike `write` it does not stop in the middle of a frame.
    await object.writeFile(frame);
    end += frame.length;
  }
  if (hash.digest('hex') !== record.sha256) {
    throw new Error(`log ${id} has changed on the disk since it was finished`);
  }
  return { frames, end };
}

function* rawFrames(id: number, file: () => LogFile): Generator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let offset = 0;
  for (;;) {
    const { rows } = file();
    const chunk = rows.startingFrom(id, offset);
    const data = chunk && rows.data(id, chunk);
    if (chunk === undefined || data === undefined) break;
    offset = endOf(chunk);
    parts.push(decompress(data));
    bytes += chunk.bytes;
    if (bytes < packedFrameBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
