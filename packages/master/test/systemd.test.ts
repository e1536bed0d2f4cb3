import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'mocha';
import { needs } from '../../../test/support/needs.ts';

describe("the farm's unit", () => {
  it('is one that systemd takes', function () {
    needs(this, 'systemd');
    const unit = readFileSync(new URL('../systemd/weir-master.service', import.meta.url), 'utf8');
    const dir = mkdtempSync(join(tmpdir(), 'weir-unit-'));
    const path = join(dir, 'weir-master.service');
    // As it would be where the farm is installed.
    writeFileSync(path, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));

    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });

    const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('weir-master'));
    assert.deepEqual(said, []);
    rmSync(dir, { recursive: true });
  });
});
