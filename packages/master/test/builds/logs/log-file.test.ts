import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { logFileOf } from '../../../src/builds/logs/log-file.ts';

describe('the log file of a moment', () => {
  const weeks: [string, string][] = [
    ['2026-11-21T04:14:42Z', '2026-w47'],
    ['2024-12-30T00:00:00Z', '2025-w01'],
    ['2024-12-29T23:59:59Z', '2024-w52'],
    ['2021-01-03T12:00:00Z', '2020-w53'],
    ['2026-01-01T00:00:00Z', '2026-w01'],
  ];
  for (const [moment, file] of weeks) {
    it(`is ${file} at ${moment}`, () => {
      assert.equal(logFileOf(Date.parse(moment)), file);
    });
  }
});
