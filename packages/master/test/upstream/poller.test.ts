import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
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
    const open = new Set<Socket>();
    let most = 0;
    let seen = 0;
    const slow = createServer((socket) => {
      open.add(socket);
      seen += 1;
      most = Math.max(most, open.size);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
      // All four are held until a fifth has had the time to come.
      if (open.size < 4 && seen < 7) return;
      setTimeout(() => {
        for (const each of open) each.destroy();
      }, 300);
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
