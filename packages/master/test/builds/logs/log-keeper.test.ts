import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import { onEachDriver } from './drivers.ts';
import {
  endOf,
  keptOf,
  log,
  mebibyte,
  numberedLines,
  rangesOf,
  readAll,
  removeFolder,
  temporaryFolder,
  Writer,
} from './support.ts';
import type { TestLogs } from './test-files.ts';

onEachDriver('the log keeper', (open) => {
  let writer: TestLogs;
  let reader: LogReader;

  beforeEach(async () => {
    writer = await open();
    ({ reader } = writer);
  });
  afterEach(() => writer[Symbol.asyncDispose]());

  describe('append', () => {
    it('stores what comes in order, and can be read at once', async () => {
      assert.deepEqual(await writer.append(0, Buffer.from('one\n')), { t: 'stored', offset: 4 });
      assert.deepEqual(await writer.append(4, Buffer.from('two\n')), { t: 'stored', offset: 8 });

      assert.equal(String(await readAll(reader)), 'one\ntwo\n');
    });

    it('drops what it has already, and keeps the rest of the frame', async () => {
      await writer.append(0, Buffer.from('abcdef'));

      assert.deepEqual(await writer.append(2, Buffer.from('cd')), { t: 'stored', offset: 6 });
      assert.deepEqual(await writer.append(4, Buffer.from('efgh')), { t: 'stored', offset: 8 });
      assert.equal(String(await readAll(reader)), 'abcdefgh');
    });

    it('sends the sender back to the end when a frame lies behind it', async () => {
      await writer.append(0, Buffer.from('abc'));

      assert.deepEqual(await writer.append(9, Buffer.from('x')), { t: 'rewind', offset: 3 });
      assert.equal(String(await readAll(reader)), 'abc');
    });

    it('goes on behind a gap that the cap made', async () => {
      await writer.append(0, Buffer.from('abc'));

      assert.deepEqual(await writer.append(9, Buffer.from('xyz'), true), {
        t: 'stored',
        offset: 12,
      });
      const { ranges, bytes, printed } = await reader.extent(log);
      assert.deepEqual(
        { ranges, bytes, printed },
        {
          ranges: [
            [0, 3],
            [9, 12],
          ],
          bytes: 6,
          printed: 12,
        },
      );
    });

    it('merges small frames that come together into one chunk', async () => {
      await Promise.all(
        Array.from({ length: 1_000 }, (_, n) => writer.append(n * 10, Buffer.alloc(10, 'x'))),
      );

      assert.deepEqual(await writer.chunks(), [{ offset: 0, bytes: 10_000 }]);
    });

    it('leaves few chunks of a trickle', async () => {
      for (let n = 0; n < 1_000; n++) await writer.append(n * 10, Buffer.alloc(10, 'x'));

      const { length } = await writer.chunks();
      assert.ok(length <= 3, `${length} chunks of 10,000 bytes`);
      assert.equal((await readAll(reader)).length, 10_000);
    });

    it('refuses bytes behind the end of a finished log, and acknowledges those before it', async () => {
      const printed = Buffer.from('abc');
      await writer.append(0, printed);
      await writer.finish(endOf(printed));

      assert.deepEqual(await writer.append(1, Buffer.from('b')), { t: 'stored', offset: 3 });
      await assert.rejects(writer.append(3, Buffer.from('d')), { code: 'log-finished' });
    });

    it('keeps logs apart, and a refused call harms no other in its transaction', async () => {
      const other = { id: 8, file: log.file };
      await writer.append(0, Buffer.from('abc'));
      await writer.finish(endOf(Buffer.from('abc')));

      const refused = writer.append(3, Buffer.from('d'));
      const good = writer.append(0, Buffer.from('other'), false, other);

      await assert.rejects(refused, { code: 'log-finished' });
      await good;
      assert.equal(String(await readAll(reader, other)), 'other');
    });

    it('knows what is stored when a commit failed', async () => {
      const other = { id: 8, file: log.file };
      await writer.append(0, Buffer.from('abc'));
      const mend = await writer.fillDisk(other.id);

      const waiting = [
        writer.append(3, Buffer.alloc(5_000)),
        writer.append(0, Buffer.alloc(5_000), false, other),
      ];
      for (const call of waiting) await assert.rejects(call, /disk full/);
      await mend();

      assert.equal(await writer.position(), 3);
      assert.deepEqual(await writer.append(3, Buffer.from('def')), { t: 'stored', offset: 6 });
      assert.equal(String(await readAll(reader)), 'abcdef');
    });
  });

  describe('restart', () => {
    it('knows the end of what is stored', async () => {
      await writer.append(0, Buffer.from('abc'));
      await writer.restart();

      assert.equal(await writer.position(), 3);
      await writer.append(3, Buffer.from('def'));
      assert.equal(String(await readAll(reader)), 'abcdef');
    });

    it('finishes a log that was begun before it', async () => {
      const printed = randomBytes(300_000);
      await writer.appendAll(0, printed.subarray(0, 200_000));
      await writer.restart();
      await writer.appendAll(200_000, printed.subarray(200_000));

      assert.equal((await writer.finish(endOf(printed))).t, 'kept');
      assert.deepEqual(await readAll(reader), printed);
    });
  });

  describe('finish', () => {
    it('counts lines, the last one with or without its line end', async () => {
      await writer.append(0, Buffer.from('a\nb\nc'));
      assert.deepEqual(await writer.finish(endOf(Buffer.from('a\nb\nc'))), { t: 'kept', lines: 3 });

      const other = { id: 8, file: log.file };
      await writer.append(0, Buffer.from('a\nb\n'), false, other);
      const answer = await writer.finish(endOf(Buffer.from('a\nb\n')), other);
      assert.deepEqual(answer, { t: 'kept', lines: 2 });
    });

    it('keeps an empty log', async () => {
      assert.deepEqual(await writer.finish(endOf(Buffer.of())), { t: 'kept', lines: 0 });
      assert.equal((await reader.extent(log)).isFinished, true);
    });

    it('gives the same answer when it is asked again, also after a restart', async () => {
      const end = endOf(Buffer.from('abc\n'));
      await writer.append(0, Buffer.from('abc\n'));
      await writer.finish(end);
      await writer.restart();

      assert.deepEqual(await writer.finish(end), { t: 'kept', lines: 1 });
      await assert.rejects(writer.finish({ ...end, sha256: 'f'.repeat(64) }), {
        code: 'log-finished',
      });
    });

    it('asks for what is missing at the end', async () => {
      await writer.append(0, Buffer.from('abc'));

      assert.deepEqual(await writer.finish(endOf(Buffer.from('abcdef'))), {
        t: 'rewind',
        offset: 3,
      });
      assert.deepEqual(await writer.append(3, Buffer.from('def')), { t: 'stored', offset: 6 });
      assert.equal((await writer.finish(endOf(Buffer.from('abcdef')))).t, 'kept');
    });

    it('asks for a part in the middle that no cap explains', async () => {
      const printed = numberedLines(100);
      await writer.append(0, printed.subarray(0, 100));
      await writer.append(200, printed.subarray(200), true);

      assert.deepEqual(await writer.finish(endOf(printed)), { t: 'rewind', offset: 100 });
      await writer.append(100, printed.subarray(100));
      assert.equal((await writer.finish(endOf(printed))).t, 'kept');
      assert.deepEqual(await readAll(reader), printed);
    });

    for (const isRestarted of [false, true]) {
      const when = isRestarted ? 'read back' : 'counted along';
      it(`drops everything when the hash, ${when}, is another`, async () => {
        await writer.append(0, Buffer.from('abX'));
        if (isRestarted) await writer.restart();

        assert.deepEqual(await writer.finish(endOf(Buffer.from('abc'))), {
          t: 'rewind',
          offset: 0,
        });
        assert.equal(await writer.position(), 0);
        await writer.append(0, Buffer.from('abc'));
        assert.equal((await writer.finish(endOf(Buffer.from('abc')))).t, 'kept');
        assert.equal(String(await readAll(reader)), 'abc');
      });
    }

    it('drops a log of which more came than was printed', async () => {
      await writer.append(0, Buffer.from('abcdef'));

      assert.deepEqual(await writer.finish(endOf(Buffer.from('abc'))), { t: 'rewind', offset: 0 });
    });

    const hostile: [string, string, [number, number][]][] = [
      [
        'overlap',
        'log-ranges',
        [
          [0, 60],
          [50, 100],
        ],
      ],
      ['do not reach the end', 'log-ranges', [[0, 90]]],
      ['reach behind it', 'log-ranges', [[0, 101]]],
      [
        'are empty',
        'log-ranges',
        [
          [0, 0],
          [0, 100],
        ],
      ],
      [
        'leave out the beginning and a part',
        'log-ranges',
        [
          [10, 20],
          [30, 100],
        ],
      ],
    ];
    for (const [what, code, ranges] of hostile) {
      it(`refuses ranges that ${what}`, async () => {
        await writer.append(0, Buffer.alloc(100));

        const end = { ...endOf(Buffer.alloc(100)), ranges };
        await assert.rejects(writer.finish(end), { name: 'LogRefusedError', code });
        assert.equal(await writer.position(), 100);
      });
    }

    it('refuses a log that is over its cap', async () => {
      writer.capBytes = 50;
      await writer.append(0, Buffer.alloc(100));

      await assert.rejects(writer.finish(endOf(Buffer.alloc(100))), { code: 'log-cap' });
    });
  });

  describe('cap', () => {
    it('cuts in the middle of chunks, exactly', async () => {
      writer.capBytes = 100_000;
      const printed = numberedLines(40_000);
      await writer.appendAll(0, printed);
      const ranges = rangesOf(printed.length, writer.capBytes);

      const answer = await writer.finish(endOf(printed, ranges));

      const kept = keptOf(printed, ranges);
      const lines = kept.toString().split('\n').length - 1;
      assert.deepEqual(answer, { t: 'kept', lines });
      assert.deepEqual(await readAll(reader), kept);
      const [first, ...others] = await writer.chunks();
      assert.deepEqual(first, { offset: 0, bytes: 25_000 });
      assert.equal(others[0]?.offset, ranges[1]?.[0]);
    });

    it('bounds what is stored of a log without end', async () => {
      writer.capBytes = 4 * mebibyte;
      const block = numberedLines(80_000);
      let printed = 0;
      while (printed < 24 * mebibyte) {
        await writer.appendAll(printed, block);
        printed += block.length;
      }

      const stored = (await writer.chunks()).reduce((sum, chunk) => sum + chunk.bytes, 0);
      assert.ok(stored < 6 * mebibyte, `${stored} bytes are stored`);
      const whole = Buffer.concat(Array.from({ length: printed / block.length }, () => block));
      const ranges = rangesOf(printed, writer.capBytes);
      assert.equal((await writer.finish(endOf(whole, ranges))).t, 'kept');
      assert.deepEqual(await readAll(reader), keptOf(whole, ranges));
    });

    it('keeps the head and what came last when the sender was cut again and again', async () => {
      writer.capBytes = 1_000;
      const printed = numberedLines(2_000);
      await writer.append(0, printed.subarray(0, 600));
      await writer.append(2_000, printed.subarray(2_000, 2_500), true);
      await writer.append(9_000, printed.subarray(9_000, 9_100), true);
      const from = printed.length - 750;
      await writer.append(from - 50, printed.subarray(from - 50), true);

      const { length } = await writer.chunks();
      assert.ok(length <= 3, 'a gap leaves no chunks in front of it but the head');
      const ranges = rangesOf(printed.length, writer.capBytes);
      assert.equal((await writer.finish(endOf(printed, ranges))).t, 'kept');
      assert.deepEqual(await readAll(reader), keptOf(printed, ranges));
    });
  });
});

describe('the log keeper in files', () => {
  it('names no file but log files', async () => {
    const dir = temporaryFolder();
    const writer = new Writer(dir);

    await assert.rejects(
      writer.append(0, Buffer.from('x'), false, { id: 1, file: '../../etc/passwd' }),
      /no name of a log file/,
    );
    assert.deepEqual(readdirSync(dir), []);
    writer.keeper.close();
    removeFolder(dir);
  });
});
