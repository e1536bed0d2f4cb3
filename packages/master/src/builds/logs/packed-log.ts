import type { Range } from '@weir/protocol';
import { z } from 'zod';
import { decompress } from './bytes.ts';

/**
 * A finished log as one object: independent zstd frames, so that `zstdcat` prints the whole log,
 * then a skippable frame (RFC 8878, 3.1.2) with the index as JSON, its length in the last 8 bytes
 * with a magic number behind it.
 */
export const packedFrameBytes = 256 * 1024;
const skippableMagic = 0x184d2a5e;
const indexMagic = 0x31474c57;
const trailerBytes = 8;

/** Where a frame begins: in the object, in the kept bytes, and the line ends before it. */
export type PackedFrame = readonly [at: number, fromByte: number, firstLine: number];

export interface PackedIndex {
  /** Whose it is: so no two logs are one object, even where they say the same. */
  readonly log?: number | undefined;
  /** Printed by the step. */
  readonly printed: number;
  readonly ranges: readonly Range[];
  /** Kept. */
  readonly bytes: number;
  readonly lines: number;
  readonly frames: readonly PackedFrame[];
  /** Where the last frame ends in the object. */
  readonly end: number;
}

const count = z.number().int().nonnegative();
const indexSchema = z.object({
  log: count.optional(),
  printed: count,
  ranges: z.array(z.tuple([count, count])),
  bytes: count,
  lines: count,
  frames: z.array(z.tuple([count, count, count])),
  end: count,
});

export class BadPackedLogError extends Error {
  override readonly name = 'BadPackedLogError';
  readonly code = 'bad-packed-log';
}

export function encodeIndex(index: PackedIndex): Buffer {
  const json = Buffer.from(JSON.stringify(index));
  const head = Buffer.alloc(8);
  head.writeUInt32LE(skippableMagic, 0);
  head.writeUInt32LE(json.length + trailerBytes, 4);
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeUInt32LE(json.length, 0);
  trailer.writeUInt32LE(indexMagic, 4);
  return Buffer.concat([head, json, trailer]);
}

/** A packed log's bytes, wherever they are. */
export interface PackedBytes extends AsyncDisposable {
  readonly size: number;
  /** Exactly these. @throws BadPackedLogError when there are fewer */
  read(from: number, length: number): Promise<Buffer>;
}

/** @throws BadPackedLogError when the file is not such an object */
export async function readIndex(packed: PackedBytes): Promise<PackedIndex> {
  const { size } = packed;
  const trailer = await packed.read(Math.max(0, size - trailerBytes), trailerBytes);
  const length = trailer.readUInt32LE(0);
  if (trailer.readUInt32LE(4) !== indexMagic || length > size - trailerBytes) {
    throw new BadPackedLogError('a packed log has no index at its end');
  }
  const json = await packed.read(size - trailerBytes - length, length);
  return indexSchema.parse(JSON.parse(json.toString()));
}

/** The bytes of one frame. */
export async function readFrame(
  packed: PackedBytes,
  index: PackedIndex,
  number: number,
): Promise<Uint8Array> {
  const [at] = index.frames[number] ?? [index.end];
  const [end] = index.frames[number + 1] ?? [index.end];
  return decompress(await packed.read(at, end - at));
}

/** The number of the last frame for which `isBefore` holds, which it must do for the first ones only. */
export function lastFrame(
  { frames }: PackedIndex,
  isBefore: (frame: PackedFrame) => boolean,
): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const frame = frames[middle];
    if (frame !== undefined && isBefore(frame)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
