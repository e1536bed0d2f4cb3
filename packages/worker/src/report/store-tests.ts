import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import type { StoredObject, StoredTests } from '@weir/protocol';
import { saysDiskFull } from '../runner/disk-full.ts';
import type { EncodedTests } from './test-list.ts';

/** Twice as good as the default at a tenth of a second for 50,000 tests. */
const level = 9;

/**
 * Writes a list of tests into a folder, as two files named by the SHA-256 of what is in them. Null
 * when the disk is full: a step's result does not hang on it.
 */
export function storeTests({ names, results }: EncodedTests, dir: string): StoredTests | null {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return { names: storeObject(names, dir), results: storeObject(results, dir) };
  } catch (error) {
    if (saysDiskFull(error)) return null;
    throw error;
  }
}

function storeObject(content: Uint8Array, dir: string): StoredObject {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  const bytes = zstdCompressSync(content, { params });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(dir, sha256), bytes, { mode: 0o600 });
  return { sha256, bytes: bytes.length };
}
