import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import { onEachDriver } from './drivers.ts';
import { endOf, keptOf, log, mebibyte, numberedLines, rangesOf, readAll } from './support.ts';
import type { TestLogs } from './test-files.ts';

/** The forms that a log may have; each shows the same to a reader. */
const forms = ['being written', 'finished', 'packed'] as const;

onEachDriver('the log reader', (open) => {
  let writer: TestLogs;
  let reader: LogReader;

  beforeEach(async () => {
    writer = await open();
    ({ reader } = writer);
  });
  afterEach(() => writer[Symbol.asyncDispose]());

  async function bring(form: (typeof forms)[number], printed: Buffer): Promise<Buffer> {
    const ranges = rangesOf(printed.length, writer.capBytes);
    await writer.appendAll(0, printed);
    if (form !== 'being written') await writer.finish(endOf(printed, ranges));
    if (form === 'packed') await writer.pack();
    return keptOf(printed, ranges);
  }

  const textsOf = (lines: readonly { bytes: Uint8Array }[]) =>
    lines.map(({ bytes }) => Buffer.from(bytes).toString());

  it('finds nothing where nothing was written', async () => {
    assert.equal(await reader.size(log), 0);
    assert.deepEqual(await reader.lines(log, 0, 10), []);
    assert.equal((await readAll(reader)).length, 0);
  });

  for (const form of forms) {
    describe(`of a log ${form}`, () => {
      it('tells how much there is', async () => {
        const printed = numberedLines(50_000);
        await bring(form, printed);

        assert.deepEqual(await reader.extent(log), {
          printed: printed.length,
          bytes: printed.length,
          lines: 50_000,
          ranges: [[0, printed.length]],
          isFinished: form !== 'being written',
        });
      });

      it('reads any part', async () => {
        const printed = numberedLines(50_000);
        await bring(form, printed);

        for (const [fromByte, toByte] of [
          [0, 1],
          [65_535, 65_537],
          [262_143, 262_145],
          [1, printed.length - 1],
          [printed.length - 1, printed.length + 100],
          [printed.length, printed.length + 1],
          [10, 10],
        ] as const) {
          assert.deepEqual(
            await readAll(reader, log, { fromByte, toByte }),
            printed.subarray(fromByte, toByte),
          );
        }
      });

      it('reads lines from any place', async () => {
        await bring(form, numberedLines(50_000));

        for (const from of [0, 1, 4_999, 25_000, 49_998]) {
          const lines = await reader.lines(log, from, 2);
          assert.deepEqual(textsOf(lines), [`line ${from}`, `line ${from + 1}`]);
          assert.deepEqual(
            lines.map((line) => line.number),
            [from, from + 1],
          );
        }
        assert.deepEqual(textsOf(await reader.lines(log, 49_999, 5)), ['line 49999']);
        assert.deepEqual(await reader.lines(log, 50_000, 5), []);
        assert.deepEqual(await reader.lines(log, 9e9, 5), []);
      });

      it('reads a last line without its end, and empty ones', async () => {
        await bring(form, Buffer.from('\n\na\n\nend'));

        assert.deepEqual(textsOf(await reader.lines(log, 0, 9)), ['', '', 'a', '', 'end']);
        assert.equal((await reader.extent(log)).lines, 5);
      });

      it('bounds a line of 50 MB, and goes on behind it', async () => {
        const long = Buffer.alloc(50_000_000, 'x');
        await bring(form, Buffer.concat([Buffer.from('a\n'), long, Buffer.from('\nb\n')]));

        const lines = await reader.lines(log, 0, 9, { maxLineBytes: 100 });

        assert.deepEqual(
          lines.map(({ number, fromByte, bytes, isCut }) => [
            number,
            fromByte,
            bytes.length,
            isCut,
          ]),
          [
            [0, 0, 1, false],
            [1, 2, 100, true],
            [2, 50_000_003, 1, false],
          ],
        );
      });

      it('bounds all lines together', async () => {
        await bring(form, numberedLines(50_000));

        const lines = await reader.lines(log, 100, 50_000, { maxBytes: 1_000 });

        assert.ok(lines.length > 100 && lines.length < 130, `${lines.length} lines`);
        assert.equal(textsOf(lines).at(-1), `line ${100 + lines.length - 1}`);
      });

      it('calls a line whole that is as long as the limit', async () => {
        await bring(form, Buffer.from('12345\n123456\n12345'));

        const lines = await reader.lines(log, 0, 9, { maxLineBytes: 5 });

        assert.deepEqual(
          lines.map(({ bytes, isCut }) => [String(Buffer.from(bytes)), isCut]),
          [
            ['12345', false],
            ['12345', true],
            ['12345', false],
          ],
        );
      });

      it('follows in pieces that know their place in what was printed', async () => {
        const printed = numberedLines(50_000);
        await bring(form, printed);

        let at = 1_000;
        for await (const piece of reader.follow(log, at)) {
          assert.equal(piece.printed, at);
          assert.deepEqual(piece.bytes, printed.subarray(at, at + piece.bytes.length));
          at += piece.bytes.length;
        }
        assert.equal(at, printed.length);
      });
    });
  }

  for (const form of ['finished', 'packed'] as const) {
    it(`counts bytes and lines over the cut of a log ${form}`, async () => {
      writer.capBytes = 200_003;
      const kept = await bring(form, numberedLines(50_000));
      const texts = kept.toString().split('\n').slice(0, -1);
      const seam = Math.floor(writer.capBytes / 4);

      assert.deepEqual(await readAll(reader), kept);
      assert.deepEqual(
        await readAll(reader, log, { fromByte: seam - 5, toByte: seam + 5 }),
        kept.subarray(seam - 5, seam + 5),
      );
      assert.equal((await reader.extent(log)).lines, texts.length);
      const lineOfSeam = kept.subarray(0, seam).toString().split('\n').length - 1;
      for (const from of [lineOfSeam - 1, lineOfSeam, lineOfSeam + 1, texts.length - 2]) {
        assert.deepEqual(textsOf(await reader.lines(log, from, 2)), texts.slice(from, from + 2));
      }
    });
  }

  it('follows over a cut, in places of what was printed', async () => {
    writer.capBytes = 200_003;
    const printed = numberedLines(50_000);
    const ranges = rangesOf(printed.length, writer.capBytes);
    await bring('finished', printed);

    const places: [number, number][] = [];
    for await (const piece of reader.follow(log, 1_000)) {
      assert.deepEqual(
        piece.bytes,
        printed.subarray(piece.printed, piece.printed + piece.bytes.length),
      );
      places.push([piece.printed, piece.printed + piece.bytes.length]);
    }

    assert.equal(places[0]?.[0], 1_000);
    assert.ok(places.some(([, end]) => end === ranges[0]?.[1]));
    assert.ok(places.some(([start]) => start === ranges[1]?.[0]));
  });

  it('sees a log grow', async () => {
    await writer.append(0, Buffer.from('one\nt'));
    assert.equal(await reader.size(log), 5);
    await writer.append(5, Buffer.from('wo\n'));

    assert.equal(await reader.size(log), 8);
    assert.deepEqual(textsOf(await reader.lines(log, 0, 9)), ['one', 'two']);
  });

  it('ends with an error when the cap takes what is being read', async () => {
    writer.capBytes = 4 * mebibyte;
    const block = numberedLines(250_000);
    await writer.appendAll(0, block);
    const reading = reader.read(log);
    await reading.next();

    for (let n = 1; n < 8; n++) await writer.appendAll(n * block.length, block);

    await assert.rejects(async () => {
      for await (const bytes of reading) assert.ok(bytes.length > 0);
    }, /was cut while it was read/);
  });
});
