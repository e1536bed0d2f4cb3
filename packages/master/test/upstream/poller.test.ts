import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Following, lua } from './following.ts';
import type { Origin } from './origin.ts';

describe('the poller', () => {
  let following: Following;
  let origin: Origin;

  beforeEach(async () => {
    following = await Following.begin();
    origin = following.origin();
  });
  afterEach(() => following[Symbol.asyncDispose]());

  const poll = () => following.poller.poll('lua/main');
  const commits = (count: number) => origin.commits(Array.from({ length: count }, () => ({})));

  describe('at first sight', () => {
    it('records the newest commit alone, as a baseline', async () => {
      const tip = commits(30);

      await following.apply();

      assert.deepEqual(await following.line(), [[1, tip]]);
      assert.deepEqual(await following.events(), ['branch.following', 'change.seen 1']);
      assert.deepEqual(following.changed, ['lua/main']);
      const { state, head, position, scheduled_position } = await following.branch();
      assert.deepEqual(
        { state, head, position, scheduled_position },
        { state: 'following', head: tip, position: 1, scheduled_position: 0 },
      );
    });
  });

  describe('from then on', () => {
    beforeEach(async () => {
      origin.commit();
      await following.apply();
    });

    it('writes each new change with its author, its message and its files', async () => {
      const parent = origin.tip();
      const hash = origin.commit({
        author: 'Zoë <zoe@example.org>',
        message: 'Add\n\nmore',
        files: { 'src/a.c': '1' },
      });
      following.now = 5_000;

      await poll();

      const row = await following.store.read
        .selectFrom('change')
        .selectAll()
        .where('commit_hash', '=', hash)
        .executeTakeFirstOrThrow();
      assert.deepEqual(
        { ...row },
        {
          id: 2,
          branch_id: 1,
          position: 2,
          commit_hash: hash,
          parent_hash: parent,
          author_name: 'Zoë',
          author_email: 'zoe@example.org',
          authored_at: 1_700_000_000_000,
          committer_name: 'Carl',
          committer_email: 'carl@example.org',
          committed_at: 1_700_000_060_000,
          seen_at: 5_000,
          subject: 'Add',
          message: 'Add\n\nmore',
          files_json: '["src/a.c"]',
        },
      );
    });

    it('records a burst in order, in units of at most 200 changes', async () => {
      commits(450);
      following.statements.length = 0;

      await poll();

      const expected = origin.line().map((hash, index) => [index + 1, hash]);
      assert.deepEqual(await following.line(), expected);
      const perUnit = following.statements
        .map((sql) => (sql === 'commit' ? ';' : sql.startsWith('insert into "change"') ? '+' : ''))
        .join('')
        .split(';')
        .map((changes) => changes.length);
      assert.deepEqual(perUnit.filter(Boolean), [200, 200, 50]);
    });

    it('goes on where it was when the engine ends between two units of a burst', async () => {
      commits(450);
      const asked = poll();
      while (!following.statements.some((sql) => sql.startsWith('update "branch" set "head"'))) {
        await new Promise(setImmediate);
      }
      following.statements.length = 0;

      await following.restart();

      await asked;
      const expected = origin.line().map((hash, index) => [index + 1, hash]);
      assert.deepEqual(await following.line(), expected);
      assert.equal((await following.branch()).position, 451);
    });

    it('asks the remote once, and fetches only what moved', async () => {
      const idle = await following.gitCommands(poll);
      origin.commit();
      const moved = await following.gitCommands(poll);

      assert.deepEqual(idle, ['ls-remote']);
      assert.equal(moved.filter((command) => command === 'ls-remote').length, 1);
      assert.equal(moved.filter((command) => command === 'fetch').length, 1);
    });

    it('writes no event for a poll that finds nothing, but when it was', async () => {
      const before = await following.events();
      following.now = 9_000;

      await poll();

      assert.deepEqual(await following.events(), before);
      assert.equal((await following.branch()).polled_at, 9_000);
    });
  });

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

  describe('of a history that was rewritten', () => {
    beforeEach(async () => {
      origin.commit({ message: 'root' });
      await following.apply();
      commits(5);
      await poll();
      following.now = 7_000;
    });

    it('records the new line from where the old one was left', async () => {
      const base = origin.line()[3] ?? '';
      origin.commit({ from: base, message: 'other 1' });
      origin.commit({ message: 'other 2' });

      await poll();

      assert.deepEqual(await following.line().then((line) => line.slice(6)), [
        [7, origin.line()[4]],
        [8, origin.line()[5]],
      ]);
      assert.equal((await following.branch()).rewritten_at, 7_000);
      assert.deepEqual((await following.events()).slice(-3), [
        'branch.rewritten',
        'change.seen 7',
        'change.seen 8',
      ]);
    });

    it('records no more than the newest 100', async () => {
      const base = origin.line()[3] ?? '';
      origin.commit({ from: base });
      commits(149);

      await poll();

      const expected = origin.line().slice(-100);
      assert.deepEqual(
        (await following.line()).slice(6).map(([, hash]) => hash),
        expected,
      );
    });

    it('records the tip alone when it has nothing in common with the old one', async () => {
      origin.commit({ from: null, message: 'anew' });
      commits(20);

      await poll();

      assert.deepEqual((await following.line()).slice(6), [[7, origin.tip()]]);
      assert.equal((await following.branch()).rewritten_at, 7_000);
    });

    it('records a commit once more when the branch was wound back to it', async () => {
      const back = origin.line()[2] ?? '';
      origin.git('update-ref', 'refs/heads/main', back);

      await poll();
      await poll();

      assert.deepEqual((await following.line()).slice(6), [[7, back]]);
    });

    it('needs no mirror of before to notice', async () => {
      rmSync(join(following.dataDir, 'mirrors'), { recursive: true });
      origin.commit({ from: null, message: 'anew' });

      await poll();

      assert.deepEqual((await following.line()).slice(6), [[7, origin.tip()]]);
      assert.equal((await following.branch()).rewritten_at, 7_000);
    });
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

  describe('when the farm file changes', () => {
    it('begins anew where a trunk moved to another repository, and counts on', async () => {
      commits(3);
      await following.apply();
      commits(2);
      await poll();
      const fork = following.origin('fork');
      fork.commits([{}, { message: 'newest' }]);

      await following.apply({
        lua: { repository: 'https://git.example/fork', trunks: { main: 'main' } },
      });

      assert.deepEqual((await following.line()).slice(-1), [[4, fork.tip()]]);
      assert.equal((await following.branch()).rewritten_at, null);
      assert.deepEqual((await following.events()).slice(-3), [
        'branch.moved',
        'branch.following',
        'change.seen 4',
      ]);
    });

    it('writes nothing of the old repository to a branch that moved during the poll', async () => {
      const moved = { lua: { repository: 'https://git.example/fork', trunks: { main: 'main' } } };
      following.origin('fork');
      origin.commit();
      await following.apply();
      commits(1);

      const polled = poll();
      await following.sync(moved);
      await polled;

      const { head, state } = await following.branch();
      assert.deepEqual({ head, state }, { head: null, state: 'new' });
    });

    it('leaves a branch that is named no more, and takes it up again', async () => {
      origin.commit();
      await following.apply();
      await following.apply({});
      commits(2);
      assert.deepEqual(await following.gitCommands(poll), []);
      assert.equal((await following.branch()).active, 0);

      await following.apply();

      assert.equal((await following.branch()).active, 1);
      assert.equal((await following.line()).length, 3);
    });
  });

  it('asks at most four repositories at once', async () => {
    let open = 0;
    let most = 0;
    const slow = createServer((socket) => {
      open += 1;
      most = Math.max(most, open);
      socket.on('error', () => {}).on('close', () => (open -= 1));
      setTimeout(() => socket.destroy(), 300);
    });
    await once(slow.listen(0, '127.0.0.1'), 'listening');
    const { port } = slow.address() as AddressInfo;
    const upstreams = Array.from({ length: 7 }, (_, n) => [
      `l${n}`,
      { repository: `https://127.0.0.1:${port}/${n}`, trunks: { main: 'main' } },
    ]);

    await following.apply(Object.fromEntries(upstreams));

    assert.equal(most, 4);
    assert.equal((await following.branch('l6/main')).state, 'unreachable');
    slow.close();
  });

  it('stops while a remote says nothing, and writes nothing of it', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const repository = `https://127.0.0.1:${port}/x`;
    await following.sync({ lua: { repository, trunks: { main: 'main' } } });

    following.poller.start();
    await once(silent, 'connection');
    await following.poller.stop();

    assert.equal((await following.branch()).state, 'new');
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('follows nothing that the farm file does not name', async () => {
    await following.apply(lua);

    await following.poller.poll('lua/other');

    assert.deepEqual(following.changed, []);
  });
});
