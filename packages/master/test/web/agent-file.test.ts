import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs, oldNode } from '../../../../test/support/needs.ts';
import { makeAgent } from '../../src/web/server/make-bundles.ts';

describe("the worker's agent in one file", () => {
  let dir: string;
  let file: string;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-agent-'));
    file = join(dir, 'weir-worker.mjs');
    writeFileSync(file, await makeAgent());
  });

  after(() => rmSync(dir, { recursive: true, force: true }));

  it('runs with this Node', () => {
    const { stdout, status } = run(process.execPath);
    assert.equal(status, 0);
    assert.match(stdout, /^weir worker join URL/);
  });

  it('says which Node it needs to one that is too old, and asks it for nothing that it lacks', function () {
    needs(this, 'old-node');
    const { stdout, stderr, status } = run(oldNode() ?? '');
    assert.deepEqual([stdout, status], ['', 1]);
    assert.match(
      stderr,
      /^weir-worker needs Node 24\.15 or newer, this is [\d.]+: get it from .+\n$/,
    );
  });

  it('imports nothing of Node by name but the way to the rest', () => {
    const text = readFileSync(file, 'utf8');
    const imports = [...text.matchAll(/^import (?:(.+?) from )?['"]([^'"]+)['"];?$/gm)];
    const ofNode = imports.filter(([, , from = '']) => isBuiltin(from));
    assert.deepEqual(
      ofNode.map(([, what, from]) => [what, from]),
      [['{ createRequire as weirCreateRequire }', 'node:module']],
    );
  });

  function run(node: string): { stdout: string; stderr: string; status: number | null } {
    return spawnSync(node, [file, 'join', '--help'], { encoding: 'utf8' });
  }
});
