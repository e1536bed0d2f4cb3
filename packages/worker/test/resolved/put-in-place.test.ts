import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { putInPlace } from '../../src/resolved/put-in-place.ts';

describe('putInPlace', () => {
  let dir: string;
  let workspace: string;
  let file: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-place-'));
    [workspace, file] = [join(dir, 'src'), join(dir, 'recorded')];
    mkdirSync(join(workspace, 'sub'), { recursive: true });
    writeFileSync(file, 'alpha 1\n');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('writes a file, or over one', () => {
    writeFileSync(join(workspace, 'a.lock'), 'old');

    putInPlace(
      workspace,
      ['a.lock', 'sub/b.lock'].map((path) => ({ path, file })),
    );

    for (const path of ['a.lock', 'sub/b.lock']) {
      assert.equal(readFileSync(join(workspace, path), 'utf8'), 'alpha 1\n');
    }
  });

  it('writes nothing through a link that a step left', () => {
    const outside = join(dir, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'mine'), 'mine');
    symlinkSync(join(outside, 'mine'), join(workspace, 'a.lock'));
    symlinkSync(outside, join(workspace, 'linked'));

    putInPlace(
      workspace,
      ['a.lock', 'linked/b.lock'].map((path) => ({ path, file })),
    );

    assert.equal(readFileSync(join(outside, 'mine'), 'utf8'), 'mine');
    assert.deepEqual(readdirSync(outside), ['mine']);
    assert.equal(readFileSync(join(workspace, 'a.lock'), 'utf8'), 'alpha 1\n');
  });

  it('leaves a folder that is not there to the step that makes it', () => {
    putInPlace(workspace, [{ path: 'build/a.lock', file }]);

    assert.equal(existsSync(join(workspace, 'build')), false);
  });
});
