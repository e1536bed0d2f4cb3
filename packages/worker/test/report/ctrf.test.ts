import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { countsOf, readPieces } from './readers.ts';
import type { RecordingTally } from './readers.ts';

const read = (results: object): RecordingTally =>
  readPieces('ctrf', JSON.stringify({ reportFormat: 'CTRF', results }));

describe('a report in CTRF', () => {
  it('has statuses, suites and tries', () => {
    const report = read({
      summary: { tests: 4, start: 1_000, stop: 1_500 },
      tests: [
        { name: 'a', status: 'passed', duration: 10, retries: 2, flaky: true },
        { name: 'b', status: 'failed', duration: 20, message: 'boo', suite: ['s', 't'] },
        { name: 'c', status: 'pending', duration: 0 },
        { name: 'd', status: 'other', duration: 0, suite: 's' },
      ],
    });

    assert.deepEqual(countsOf(report), [1, 2, 1, 0, 0]);
    assert.deepEqual(
      report.tests.map(({ name, attempt }) => [name, attempt]),
      [
        ['a', 3],
        ['s > t > b', 1],
        ['c', 1],
        ['s > d', 1],
      ],
    );
    assert.equal(report.durationMs, 500);
    assert.equal(report.mismatch, null);
  });

  it('takes as long as its tests where it does not say', () => {
    const tests = [
      { name: 'a', status: 'passed', duration: 10 },
      { name: 'b', status: 'passed', duration: 5 },
    ];

    assert.equal(read({ summary: { start: 0, stop: 0 }, tests }).durationMs, 15);
    assert.equal(read({ tests: [{ name: 'a', status: 'passed' }] }).durationMs, null);
  });

  it('announces other tests than come', () => {
    assert.match(read({ summary: { tests: 4 }, tests: [] }).mismatch ?? '', /4 tests, 0/);
  });

  it('says where it is wrong', () => {
    assert.throws(() => read({ tests: [{}] }), {
      name: 'ReportError',
      state: 'invalid',
      message: /results\.tests\.0\.name/,
    });
    assert.throws(() => readPieces('ctrf', '{'), { name: 'ReportError', state: 'invalid' });
    assert.throws(() => readPieces('ctrf', ''), { name: 'ReportError', state: 'missing' });
  });

  it('is not nested without end', () => {
    const nested = (depth: number): string =>
      `{"results":{"tests":[],"extra":${'['.repeat(depth)}${']'.repeat(depth)},"say":"[[\\"[["}}`;

    assert.deepEqual(countsOf(readPieces('ctrf', nested(100))), [0, 0, 0, 0, 0]);
    assert.throws(() => readPieces('ctrf', nested(100_000)), { message: /deeper than 200/ });
  });
});
