import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Following } from './following.ts';
import type { Origin } from './origin.ts';

describe('a followed branch', () => {
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
});
