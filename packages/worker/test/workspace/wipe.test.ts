import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'mocha';
import { emptyTrash, wipe } from '../../src/workspace/wipe.ts';

describe('wipe', () => {
  it('frees the place at once, and removes even what was closed to its owner', async () => {
    const root = mkdtempSync(join(tmpdir(), 'weir-wipe-'));
    const work = join(root, 'work');
    const trash = join(root, 'trash');
    mkdirSync(join(work, 'closed', 'deep'), { recursive: true });
    writeFileSync(join(work, 'closed', 'deep', 'file'), '');
    chmodSync(join(work, 'closed', 'deep'), 0o500);
    chmodSync(join(work, 'closed'), 0);

    wipe(work, trash);
    assert.equal(existsSync(work), false);

    while (readdirSync(trash).length > 0) await sleep(5);
    rmSync(root, { recursive: true });
  });

  it('has no objection to a folder that is not there', () => {
    const root = mkdtempSync(join(tmpdir(), 'weir-wipe-'));

    wipe(join(root, 'none'), join(root, 'trash'));
    emptyTrash(join(root, 'trash'));

    assert.deepEqual(readdirSync(root), []);
    rmSync(root, { recursive: true });
  });
});
