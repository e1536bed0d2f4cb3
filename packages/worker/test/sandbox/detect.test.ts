import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { detectSandbox } from '../../src/sandbox/detect.ts';

describe('detectSandbox', () => {
  const etc = join(tmpdir(), `weir-etc-${process.pid}`);
  const path = process.env['PATH'];

  afterEach(() => {
    process.env['PATH'] = path;
    rmSync(etc, { recursive: true, force: true });
  });

  it('refuses to go without, and says what to do', () => {
    const empty = mkdtempSync(join(tmpdir(), 'weir-path-'));
    process.env['PATH'] = empty;

    assert.throws(() => detectSandbox(undefined, etc, []), {
      code: 'no-sandbox',
      message: /bubblewrap is not installed: install .*--sandbox none/,
    });
    rmSync(empty, { recursive: true });
  });

  it('goes without when told so by name, and says what that means', () => {
    const { kind, limits } = detectSandbox('none', etc, ['memory not limited']);

    assert.equal(kind, 'none');
    assert.match(limits.join('; '), /open to builds; memory not limited/);
  });

  describe('with bubblewrap', () => {
    before(function () {
      needs(this, 'bwrap');
    });

    it('chooses it, and says which limits are in force', () => {
      const { kind, limits } = detectSandbox(undefined, etc, ['memory by cgroup v2']);

      assert.equal(kind, 'bubblewrap');
      assert.match(limits.join('; '), /memory by cgroup v2/);
    });
  });
});
