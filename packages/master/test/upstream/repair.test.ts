import assert from 'node:assert/strict';
import { chmodSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Mirrored } from './mirrored.ts';
import type { Origin } from './origin.ts';

describe('a mirror that a crash left broken', () => {
  let mirrored: Mirrored;
  let origin: Origin;

  beforeEach(() => {
    mirrored = new Mirrored();
    origin = mirrored.origin;
  });
  afterEach(() => mirrored[Symbol.dispose]());

  it('is not touched when it is sound', async () => {
    origin.commit();
    const mirror = await mirrored.open();
    await mirror.fetch('main');

    assert.equal(await mirror.repair(), false);
  });

  const breakages: Record<string, (dir: string, ref: string) => void> = {
    'by a lock': (dir, ref) => writeFileSync(join(dir, 'refs/weir', `${ref}.lock`), ''),
    'by a lock of its refs': (dir) => writeFileSync(join(dir, 'packed-refs.lock'), ''),
    'by an empty ref': (dir, ref) => truncateSync(join(dir, 'refs/weir', ref)),
    'by an empty HEAD': (dir) => truncateSync(join(dir, 'HEAD')),
    'by a garbled config': (dir) => writeFileSync(join(dir, 'config'), '[[['),
    'by empty objects': (dir) => {
      const objects = join(dir, 'objects');
      for (const file of readdirSync(objects, { recursive: true, withFileTypes: true })) {
        if (file.isFile()) {
          chmodSync(join(file.parentPath, file.name), 0o644);
          truncateSync(join(file.parentPath, file.name));
        }
      }
    },
  };
  for (const [how, breakIt] of Object.entries(breakages)) {
    it(`${how} is usable again`, async () => {
      origin.commit();
      const mirror = await mirrored.open();
      await mirror.fetch('main');
      const [ref = ''] = readdirSync(join(mirrored.path, 'refs/weir'));
      breakIt(mirrored.path, ref);

      while (await mirror.repair());

      const tip = origin.commit();
      assert.equal(await mirror.fetch('main'), tip);
      assert.equal((await mirrored.follow(mirror)).length, 2);
    });
  }
});
