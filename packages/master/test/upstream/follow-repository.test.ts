import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Following } from './following.ts';
import type { Origin } from './origin.ts';

describe('a followed repository', () => {
  let following: Following;
  let origin: Origin;

  beforeEach(async () => {
    following = await Following.begin();
    origin = following.origin();
  });
  afterEach(() => following[Symbol.asyncDispose]());

  const poll = () => following.poller.poll('lua/main');
  const commits = (count: number) => origin.commits(Array.from({ length: count }, () => ({})));

  it('follows the branches of one repository through one mirror and one question', async () => {
    origin.commit();
    origin.commit({ branch: 'v5.4' });
    const trunks = { main: 'main', stable: 'v5.4', again: 'main' };

    await following.apply({ lua: { repository: 'https://git.example/lua', trunks } });
    const asked = await following.gitCommands(() => following.poller.poll('lua/stable'));

    assert.deepEqual(asked, ['ls-remote']);
    assert.equal(readdirSync(join(following.dataDir, 'mirrors')).length, 2, 'and the home of git');
    assert.deepEqual(await following.line('lua/main'), [[1, origin.tip()]]);
    assert.deepEqual(await following.line('lua/again'), [[1, origin.tip()]]);
    assert.deepEqual(await following.line('lua/stable'), [[1, origin.tip('v5.4')]]);
  });

  it('follows on after its mirrors were deleted, as if nothing had been', async () => {
    origin.commit();
    await following.apply();
    rmSync(join(following.dataDir, 'mirrors'), { recursive: true });
    commits(2);

    await poll();

    assert.deepEqual(
      await following.line(),
      origin.line().map((hash, index) => [index + 1, hash]),
    );
    assert.equal((await following.branch()).rewritten_at, null);
  });

  it('makes a mirror again that git can’t use', async () => {
    origin.commit();
    await following.apply();
    const [mirror = ''] = readdirSync(join(following.dataDir, 'mirrors')).filter(
      (name) => name !== 'home',
    );
    rmSync(join(following.dataDir, 'mirrors', mirror, 'objects'), { recursive: true });
    commits(2);

    await poll();

    assert.equal((await following.line()).length, 3);
    assert.match(following.warnings[0] ?? '', /the mirror of .* was broken/);
  });

  describe('shows', () => {
    const states = async () => {
      const { state, error } = await following.branch();
      return { state, error };
    };

    it('an empty repository, until somebody pushes', async () => {
      await following.apply();
      assert.deepEqual(await states(), { state: 'empty', error: null });

      const tip = origin.commit();
      await poll();

      assert.deepEqual(await states(), { state: 'following', error: null });
      assert.deepEqual(await following.line(), [[1, tip]]);
      assert.deepEqual(await following.events(), [
        'branch.empty',
        'branch.following',
        'change.seen 1',
      ]);
    });

    it('a deleted branch, with its history, until it is back', async () => {
      origin.commit();
      origin.commit({ branch: 'other' });
      await following.apply();
      const old = origin.tip();
      origin.git('update-ref', '-d', 'refs/heads/main');

      await poll();
      await poll();
      assert.deepEqual(await states(), { state: 'deleted', error: null });
      assert.deepEqual(await following.line(), [[1, old]]);

      origin.commit({ from: old });
      await poll();
      assert.deepEqual(await states(), { state: 'following', error: null });
      assert.deepEqual((await following.events()).slice(2), [
        'branch.deleted',
        'branch.following',
        'change.seen 2',
      ]);
    });

    it('an unreachable repository, with its cause and one event', async () => {
      const tip = origin.commit();
      const { path } = origin;
      following.remotes.set('https://git.example/lua', `${path}.away`);
      await following.apply();
      await poll();
      const error = 'there is no such repository';
      assert.deepEqual(await states(), { state: 'unreachable', error });
      assert.deepEqual(following.warnings, [
        `lua/main is unreachable (https://git.example/lua, main): ${error}`,
      ]);

      following.remotes.set('https://git.example/lua', path);
      await poll();
      assert.deepEqual(await states(), { state: 'following', error: null });
      assert.deepEqual(await following.line(), [[1, tip]]);
      assert.deepEqual(await following.events(), [
        'branch.unreachable',
        'branch.following',
        'change.seen 1',
      ]);
    });

    it('a host that refuses, by https', async () => {
      const server = createServer();
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, 'close');

      await following.apply({
        lua: { repository: `https://127.0.0.1:${port}/x`, trunks: { main: 'main' } },
      });

      assert.deepEqual(await states(), {
        state: 'unreachable',
        error: 'its host refuses connections',
      });
    });

    for (const repository of [
      'ext::touch pwned',
      '--upload-pack=touch pwned',
      '/etc',
      'file:///',
    ]) {
      it(`${repository} as refused`, async () => {
        await following.apply({ lua: { repository, trunks: { main: 'main' } } });

        assert.match((await following.branch()).error ?? '', /only https, ssh/);
      });
    }
  });

  it('harms no branch of a repository by another one that can’t be read', async () => {
    origin.commit({ files: { a: '1' } });
    const tree = origin.git('rev-parse', 'main^{tree}');
    const commit = `tree ${tree}\nauthor nobody\ncommitter nobody\n\nbroken\n`;
    const broken = ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'];
    origin.git('update-ref', 'refs/heads/broken', origin.gitWith(commit, ...broken));
    origin.commit({ branch: 'lost' });
    const lost = origin.git('rev-parse', 'lost^{tree}');
    rmSync(join(origin.path, 'objects', lost.slice(0, 2)), { recursive: true, force: true });

    const trunks = { broken: 'broken', lost: 'lost', main: 'main' };
    await following.apply({ lua: { repository: 'https://git.example/lua', trunks } });

    assert.deepEqual(await following.line('lua/main'), [[1, origin.tip()]]);
    assert.equal((await following.branch('lua/main')).state, 'following');
  });
});
