import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import type { Store } from '../../src/store/store.ts';
import { workerByName } from '../../src/store/workers.ts';
import { enrol } from '../../src/workers/enrolment.ts';
import type { Enrolment } from '../../src/workers/enrolment.ts';
import { checkInvitation, invite } from '../../src/workers/invitations.ts';
import { expirePending } from '../../src/workers/pending-queue.ts';

const day = 24 * 3_600_000;

describe('enrolment', () => {
  let dir: string;
  let store: Store;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-enrol-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  function ask(
    name: string,
    over: { address?: string; owner?: string; at?: number } = {},
  ): Promise<Enrolment> {
    const { address = '192.0.2.1', owner = '', at = 0 } = over;
    const who = { name, key: `key of ${name}`, fingerprint: `SHA256:${name}`, agent: '0.1.0' };
    return store.unit((db) => enrol(db, { ...who, owner, address, invite: undefined }, at));
  }

  it('writes down who asks, and where from', async () => {
    assert.equal((await ask('w1')).t, 'pending');

    const worker = await workerByName(store.read, 'w1');
    assert.equal(worker?.state, 'pending');
    assert.equal(worker?.asked_from, '192.0.2.1');
  });

  it('turns away an owner that is no mail address', async () => {
    const answer = await ask('w1', { owner: 'javascript:alert(1)' });

    assert.equal(answer.t, 'denied');
    assert.equal(await workerByName(store.read, 'w1'), undefined);
  });

  it('lets ten wait from one address, and more from another', async () => {
    for (let number = 0; number < 10; number += 1) await ask(`w${number}`);

    const eleventh = await ask('w10');
    assert.equal(eleventh.t, 'denied');
    assert.match('text' in eleventh ? eleventh.text : '', /10 workers from 192\.0\.2\.1 wait/);
    assert.equal((await ask('other', { address: '192.0.2.2' })).t, 'pending');
    assert.equal((await ask('w3')).t, 'pending', 'who waits already goes on waiting');
  });

  it('does not count behind a proxy on this machine, but lets 200 wait in all', async () => {
    for (let number = 0; number < 200; number += 1) {
      assert.equal((await ask(`w${number}`, { address: '127.0.0.1' })).t, 'pending');
    }
    assert.equal((await ask('one-more', { address: '127.0.0.1' })).t, 'denied');
  });

  it('forgets after 14 days who was not accepted', async () => {
    await ask('old');
    await ask('new', { at: day });

    await store.unit((db) => expirePending(db, 14 * day + 1));

    assert.equal(await workerByName(store.read, 'old'), undefined);
    assert.notEqual(await workerByName(store.read, 'new'), undefined);
  });

  it('takes an invitation until it expires', async () => {
    const command = {
      t: 'invite',
      worker: null,
      owner: null,
      labels: [],
      trust: 'probation',
      hours: 24,
      reason: 'test',
    } as const;
    const { code } = await store.unit((db) => invite(db, command, { actor: 'admin', at: 0 }));
    const asking = { name: 'w1', owner: '' };

    assert.equal((await checkInvitation(store.read, code, asking, day - 1)).t, 'good');
    assert.equal((await checkInvitation(store.read, code, asking, day)).t, 'bad');
  });
});
