import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { countsOf, readPieces } from './readers.ts';
import type { RecordingTally } from './readers.ts';
import { packet } from './subunit-writer.ts';

const read = (...parts: readonly (Buffer | string)[]): RecordingTally =>
  readPieces('subunit', Buffer.concat(parts.map((part) => Buffer.from(part))));

describe('a report in subunit v2', () => {
  it('is written as the README of subunit has it', () => {
    assert.equal(
      packet({ status: 'exists', id: 'foo' }).toString('hex'),
      'b329010c03666f6f08555f1b',
    );
  });

  it('has outcomes, times and what tests said', () => {
    const report = read(
      packet({ status: 'inprogress', id: 'm.C.a', timeMs: 1_600_000_000_000 }),
      packet({ status: 'success', id: 'm.C.a', timeMs: 1_600_000_000_250.5, tags: ['x', 'y'] }),
      packet({ status: 'inprogress', id: 'm.C.b', timeMs: 1_600_000_001_000 }),
      packet({
        id: 'm.C.b',
        mime: 'text/x-traceback;charset="utf8";language="python"',
        file: ['traceback', 'Traceback (most recent call last):\n  File "m.py"\nValueError: boo\n'],
      }),
      packet({ id: 'm.C.b', file: ['stdout', 'noise'] }),
      packet({ status: 'fail', id: 'm.C.b', timeMs: 1_600_000_002_000 }),
      packet({ status: 'skip', id: 'm.C.c', file: ['reason', 'no net'] }),
      packet({ status: 'xfail', id: 'm.C.d' }),
      packet({ status: 'uxsuccess', id: 'm.C.e' }),
    );

    assert.deepEqual(countsOf(report), [1, 1, 1, 1, 1]);
    assert.deepEqual(report.named, [
      { name: 'm.C.b', outcome: 'failed', message: 'ValueError: boo' },
      { name: 'm.C.e', outcome: 'unexpected-pass', message: '' },
    ]);
    assert.deepEqual(
      report.tests.slice(0, 3).map(({ durationMs, message }) => [durationMs, message?.length]),
      [
        [250.5, 0],
        [1_000, 65],
        [undefined, 6],
      ],
    );
    assert.equal(report.durationMs, 2_000);
    assert.equal(report.mismatch, null);
  });

  it('stands among other output, and comes in pieces of any size', () => {
    const stream = Buffer.concat([
      Buffer.from('running ó tests\n'),
      packet({ status: 'success', id: 'a' }),
      packet({ status: 'success', id: `b${'x'.repeat(300)}` }),
      Buffer.from('\nno packet: \u00b3\u00b3, ó! (x\n'),
      packet({ status: 'fail', id: 'c', file: ['traceback', 'y'.repeat(20_000)] }),
      Buffer.from('bye'),
    ]);

    for (const size of [1, 5, 1_000, Infinity]) {
      const report = readPieces('subunit', stream, size);
      assert.deepEqual([countsOf(report), report.mismatch], [[2, 1, 0, 0, 0], null]);
    }
  });

  it('tells tests of one name apart by their route', () => {
    const report = read(
      packet({ status: 'inprogress', id: 'a', route: '0', timeMs: 1_000 }),
      packet({ status: 'inprogress', id: 'a', route: '1', timeMs: 2_000 }),
      packet({ status: 'success', id: 'a', route: '0', timeMs: 4_000 }),
      packet({ status: 'success', id: 'a', route: '1', timeMs: 4_000 }),
    );

    assert.deepEqual(
      report.tests.map(({ durationMs }) => durationMs),
      [3_000, 2_000],
    );
  });

  it('has tests that were listed and never ran', () => {
    const report = read(
      packet({ status: 'exists', id: 'a' }),
      packet({ status: 'exists', id: 'b' }),
      packet({ status: 'success', id: 'a' }),
    );

    assert.deepEqual(countsOf(report), [1, 0, 0, 0, 0]);
    assert.match(report.mismatch ?? '', /1 tests .* never ran, as b/);
  });

  it('has a test that began and did not end, which failed', () => {
    const report = read(packet({ status: 'inprogress', id: 'a' }));

    assert.deepEqual(countsOf(report), [0, 1, 0, 0, 0]);
    assert.match(report.mismatch ?? '', /a began/);
  });

  it('is read on behind packets that are damaged or cut off', () => {
    const good = packet({ status: 'success', id: 'good' });
    const bad = packet({ status: 'fail', id: 'bad' });
    bad[6] = 0xff;
    const torn = packet({ status: 'fail', id: 'torn' }).subarray(0, 8);
    const huge = Buffer.from([0xb3, 0x29, 0x03, 0xbf, 0xff, 0xff]);

    const report = read(good, bad, good, torn, good, huge, good, '\n', good, torn);

    assert.deepEqual(countsOf(report), [5, 0, 0, 0, 0]);
    assert.match(report.mismatch ?? '', /damaged in 4 places/);
  });

  it('is invalid where most of it is damaged', () => {
    const claim = Buffer.from([0xb3, 0x29, 0x03, 0xbf, 0xff, 0xff]);

    assert.throws(() => read(packet({ id: 'a' }), Buffer.alloc(5_000_000, claim)), {
      name: 'ReportError',
      state: 'invalid',
    });
  });

  it('is missing where there is none', () => {
    assert.throws(() => read('test: a\nsuccess: a\n'), { name: 'ReportError', state: 'missing' });
  });
});
