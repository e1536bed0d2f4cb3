import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatBytes } from '../src/bytes.ts';

describe('bytes', () => {
  for (const [bytes, text] of [
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [3_565_158, '3.4 MiB'],
    [2 ** 50, '1024.0 TiB'],
  ] as const) {
    it(`are said as ${text}`, () => assert.equal(formatBytes(bytes), text));
  }
});
