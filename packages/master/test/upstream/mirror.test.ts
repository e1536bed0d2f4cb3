import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { Mirrored } from './mirrored.ts';
import { Origin } from './origin.ts';

describe('a mirror', () => {
  let mirrored: Mirrored;
  let origin: Origin;

  beforeEach(() => {
    mirrored = new Mirrored();
    origin = mirrored.origin;
  });
  afterEach(() => mirrored[Symbol.dispose]());

  it('is a folder named for its repository', async () => {
    await mirrored.open();

    assert.match(mirrored.path, /\/thing-[0-9a-f]{16}\.git$/);
  });

  describe('asks the remote', () => {
    it('where its branches are', async () => {
      const main = origin.commit();
      const stable = origin.commit({ branch: 'stable' });
      origin.commit({ branch: 'x/refs/heads/gone' });
      const mirror = await mirrored.open();

      const { heads, isEmpty } = await mirror.remoteHeads(['main', 'stable', 'gone']);

      assert.deepEqual(Object.fromEntries(heads), { main, stable });
      assert.equal(isEmpty, false);
    });

    it('whether it has any branch', async () => {
      const mirror = await mirrored.open();
      assert.deepEqual(await mirror.remoteHeads(['main']), { heads: new Map(), isEmpty: true });

      origin.commit({ branch: 'other' });
      assert.deepEqual(await mirror.remoteHeads(['main']), { heads: new Map(), isEmpty: false });
    });

    for (const name of ['', '*', 'a:refs/heads/b', 'a b', 'a\nb', 'a..b', 'main^', '@{-1}']) {
      it(`not for ${JSON.stringify(name)}, which is no branch`, async () => {
        const mirror = await mirrored.open();

        await assert.rejects(mirror.remoteHeads([name]), /can't be the name of a branch/);
        await assert.rejects(mirror.fetch(name), /can't be the name of a branch/);
      });
    }
  });

  describe('fetches', () => {
    it('branches whose names look like options', async () => {
      const output = origin.commit({ branch: '--output=pwned' });
      const pack = origin.commit({ branch: '--upload-pack=touch-pwned' });
      const mirror = await mirrored.open();

      const { heads } = await mirror.remoteHeads(['--output=pwned', '--upload-pack=touch-pwned']);

      assert.deepEqual([...heads.values()], [output, pack]);
      assert.equal(await mirror.fetch('--output=pwned'), output);
      assert.equal(await mirror.fetch('--upload-pack=touch-pwned'), pack);
      assert.ok(!readdirSync(mirrored.path).includes('pwned'));
    });

    it('a branch whose name was a folder of branches before', async () => {
      const below = origin.commit({ branch: 'a/b' });
      const mirror = await mirrored.open();
      assert.equal(await mirror.fetch('a/b'), below);

      origin.git('update-ref', '-d', 'refs/heads/a/b');
      const above = origin.commit({ branch: 'a' });

      assert.equal(await mirror.fetch('a'), above);
    });

    it('a branch that was pushed over', async () => {
      const old = origin.commit();
      const mirror = await mirrored.open();
      await mirror.fetch('main');

      const anew = origin.commit({ from: null, message: 'anew' });

      assert.equal(await mirror.fetch('main'), anew);
      assert.equal(await mirror.mergeBase(old, anew), null);
    });

    it('from a shallow repository', async () => {
      origin.commits([{}, {}, {}]);
      const shallow = new Origin(join(mirrored.folder.path, 'shallow.git'));
      shallow.git('fetch', '--quiet', '--depth=2', `file://${origin.path}`, '+main:main');
      const mirror = await mirrored.open(shallow.path);

      const commits = await mirrored.follow(mirror);

      assert.deepEqual(
        commits.map(({ subject, parent }) => [subject, parent !== null]),
        [
          ['change 1', false],
          ['change 2', true],
        ],
      );
    });

    it('from a path that is named, whoever owns the files', async function () {
      needs(this, 'root');
      origin.commit();
      origin.git(
        'config',
        'uploadpack.packObjectsHook',
        `touch ${mirrored.folder.path}/pwned; false`,
      );
      chownSync(origin.path, 12_345, 12_345);
      const mirror = await mirrored.open();

      assert.equal((await mirrored.follow(mirror)).length, 1);
      assert.ok(!existsSync(join(mirrored.folder.path, 'pwned')));
    });

    it('without running what the repository brings', async () => {
      const module =
        '[submodule "x"]\n\tpath = x\n\turl = ext::touch pwned\n\tupdate = !touch pwned\n';
      origin.commit({
        files: {
          '.gitmodules': module,
          '.gitattributes': '* diff=x filter=x\n',
          '.mailmap': 'Eve <eve@example.org> <ann@example.org>\n',
        },
      });
      const pwned = join(mirrored.folder.path, 'pwned');
      const script = `#!/bin/sh\ntouch ${pwned}\n`;
      const hooks = join(origin.path, 'hooks');
      mkdirSync(hooks, { recursive: true });
      for (const hook of ['post-update', 'reference-transaction', 'pre-auto-gc', 'fsmonitor']) {
        writeFileSync(join(hooks, hook), script);
        chmodSync(join(hooks, hook), 0o755);
      }
      origin.git('config', 'core.fsmonitor', join(hooks, 'fsmonitor'));
      origin.git('config', 'core.pager', join(hooks, 'fsmonitor'));
      origin.git('config', 'diff.external', join(hooks, 'fsmonitor'));
      origin.git('config', 'uploadpack.packObjectsHook', join(hooks, 'fsmonitor'));

      const [commit] = await mirrored.follow();

      assert.deepEqual(commit?.files, ['.gitattributes', '.gitmodules', '.mailmap']);
      assert.equal(commit.authorEmail, 'ann@example.org');
      assert.ok(!existsSync(pwned));
    });
  });
});
