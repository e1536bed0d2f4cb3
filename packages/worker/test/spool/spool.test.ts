import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { SpoolReader } from '../../src/spool/reader.ts';
import { SpoolWriter } from '../../src/spool/writer.ts';

class TestDir implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'weir-spool-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Bytes of which no two places look alike. */
function sample(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index += 1) bytes[index] = (index * 167 + (index >> 8)) & 255;
  return bytes;
}

function expectedRanges(total: number, cap: number): [number, number][] {
  if (total === 0) return [];
  if (total <= cap) return [[0, total]];
  const head = Math.floor(cap / 4);
  const ranges: [number, number][] = [
    [0, head],
    [total - (cap - head), total],
  ];
  return ranges.filter(([from, to]) => from < to);
}

/** All pieces from the start on. */
function readAll(reader: SpoolReader, maxBytes: number): { ranges: number[][]; bytes: Buffer } {
  const ranges: number[][] = [];
  const parts: Buffer[] = [];
  let offset = 0;
  for (
    let piece = reader.read(0, maxBytes);
    piece !== null;
    piece = reader.read(offset, maxBytes)
  ) {
    const end = piece.offset + piece.bytes.length;
    const range = ranges.at(-1);
    assert.equal(piece.afterCut, piece.offset !== offset);
    if (range === undefined || piece.afterCut) ranges.push([piece.offset, end]);
    else range[1] = end;
    parts.push(piece.bytes);
    offset = end;
  }
  return { ranges, bytes: Buffer.concat(parts) };
}

describe('the spool', () => {
  it('keeps exactly the first quarter of the cap and the last of the rest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 300 }),
        async (lengths, cap, pieceBytes) => {
          using dir = new TestDir();
          const total = lengths.reduce((sum, length) => sum + length, 0);
          const printed = sample(total);
          const writer = new SpoolWriter(dir.path, cap);

          let at = 0;
          for (const length of lengths) writer.append(printed.subarray(at, (at += length)));
          const log = await writer.finish();

          const ranges = expectedRanges(total, cap);
          const kept = Buffer.concat(ranges.map(([from, to]) => printed.subarray(from, to)));
          assert.deepEqual(log, {
            bytes: total,
            ranges,
            sha256: createHash('sha256').update(kept).digest('hex'),
          });
          const read = readAll(new SpoolReader(dir.path), pieceBytes);
          assert.deepEqual(read.bytes, kept);
          // A log that was cut has its two ranges apart, if only by one byte.
          assert.deepEqual(read.ranges, ranges);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('can be read while it is written, and skips what was cut meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.boolean()), { maxLength: 40 }),
        fc.integer({ min: 1, max: 800 }),
        async (turns, cap) => {
          using dir = new TestDir();
          const printed = sample(turns.reduce((sum, [length]) => sum + length, 0));
          const writer = new SpoolWriter(dir.path, cap);
          const reader = new SpoolReader(dir.path);
          let written = 0;
          let offset = 0;
          const readNext = (): boolean => {
            const piece = reader.read(offset, 64);
            if (piece === null) return false;
            const end = piece.offset + piece.bytes.length;
            assert.ok(piece.offset >= offset);
            assert.equal(piece.afterCut, piece.offset > offset);
            assert.deepEqual(piece.bytes, printed.subarray(piece.offset, end));
            offset = end;
            return true;
          };

          for (const [length, isRead] of turns) {
            writer.append(printed.subarray(written, (written += length)));
            if (isRead) readNext();
          }
          await writer.finish();
          while (readNext());

          assert.equal(offset, written);
        },
      ),
      { numRuns: 80 },
    );
  });

  it('takes no more disk than the cap and one segment', () => {
    using dir = new TestDir();
    const cap = 1_000_000;
    const writer = new SpoolWriter(dir.path, cap);
    let most = 0;

    for (let index = 0; index < 500; index += 1) {
      writer.append(sample(20_000));
      const sizes = readdirSync(dir.path).map((name) => statSync(join(dir.path, name)).size);
      most = Math.max(
        most,
        sizes.reduce((sum, size) => sum + size, 0),
      );
    }

    assert.ok(most <= cap * 1.15, `${most} bytes`);
  });

  it('has nothing to read where nothing was printed', async () => {
    using dir = new TestDir();

    assert.equal(new SpoolReader(join(dir.path, 'none')).read(0, 100), null);
    assert.deepEqual(await new SpoolWriter(dir.path, 100).finish(), {
      bytes: 0,
      ranges: [],
      sha256: createHash('sha256').digest('hex'),
    });
    assert.equal(new SpoolReader(dir.path).read(0, 100), null);
  });
});
