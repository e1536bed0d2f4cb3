import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { countLineEnds } from './bytes.ts';
import { keptBytes } from './kept.ts';
import type { FinishRecord } from './log-rows.ts';
import type { PackedFrame } from './packed-log.ts';
import { encodeIndex, packedFrameBytes } from './packed-log.ts';

const compress = promisify(zstdCompress);
const thorough = { params: { [constants.ZSTD_c_compressionLevel]: 9 } };

/**
 * Writes the packed form of a finished log, piece by piece. The compression runs in the thread pool:
 * the thread goes on with what comes in.
 *
 * @param chunks all of its bytes, in any pieces
 * @throws Error when these are not the bytes that it was finished with
 */
export async function writePacked(
  id: number,
  record: Omit<FinishRecord, 'isToPack'>,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const hash = createHash('sha256');
  const frames: PackedFrame[] = [];
  let [end, fromByte, firstLine] = [0, 0, 0];
  for await (const raw of inFrames(chunks)) {
    hash.update(raw);
    frames.push([end, fromByte, firstLine]);
    fromByte += raw.length;
    firstLine += countLineEnds(raw);
    const frame = await compress(raw, thorough);
    await write(frame);
    end += frame.length;
  }
  if (hash.digest('hex') !== record.sha256) {
    throw new Error(`log ${id} has changed on the disk since it was finished`);
  }
  const { bytes: printed, ranges, lines } = record;
  await write(
    encodeIndex({ log: id, printed, ranges, bytes: keptBytes(ranges), lines, frames, end }),
  );
}

async function* inFrames(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const raw of chunks) {
    parts.push(raw);
    bytes += raw.length;
    if (bytes < packedFrameBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(parts);
}
