import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { jsonLog } from '../src/json-log.ts';

const dir = (): string => mkdtempSync(join(tmpdir(), 'weir-log-'));

describe('the log as JSON', () => {
  it('is written at once, one object per line, and lets no control character through', () => {
    const folder = dir();
    const path = join(folder, 'log');
    const fd = openSync(path, 'w');
    const hostile = 'a\u001B[31m\u009B\u202E\n"b"\u007F';

    jsonLog('web', fd).warn(hostile, { build: 7, worker: hostile });

    const text = readFileSync(path, 'utf8');
    assert.match(text, /^[^\p{Cc}\p{Cf}]+\n$/u);
    const { time, ...line } = JSON.parse(text) as Record<string, unknown>;
    const clean = 'a\u001B[31m\uFFFD\uFFFD\n"b"\uFFFD';
    assert.deepEqual(line, { level: 'warn', role: 'web', build: 7, worker: clean, msg: clean });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  it('ends nothing when its disk is full', function () {
    if (process.platform !== 'linux') this.skip();
    const fd = openSync('/dev/full', 'w');
    const log = jsonLog('engine', fd);

    for (let n = 0; n < 3; n++) log.info('x'.repeat(1_000_000));

    closeSync(fd);
  });
});
