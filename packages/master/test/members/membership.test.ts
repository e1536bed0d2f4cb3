import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { Membership } from '../../src/members/membership.ts';
import { eventsAfter } from '../../src/store/events.ts';
import { allMembers } from '../../src/store/members.ts';
import { setAllOffline, setOnline, setOnlineAgain } from '../../src/store/presence.ts';
import type { Store } from '../../src/store/store.ts';
import { insertPending, workerByName } from '../../src/store/workers.ts';

let warnings: string[] = [];
const log = { info: () => {}, warn: (text: string) => void warnings.push(text) };
const second = 1_000;

describe('the members of a farm', () => {
  let dir: string;
  let store: Store;
  let now: number;
  let one: Membership;
  let two: Membership;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-members-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    now = 1_000_000;
    warnings = [];
    one = await enter('one');
    two = await enter('two');
    await connect('w1', one);
    await connect('w2', two);
  });
  afterEach(async () => {
    await Promise.all([one.leave(), two.leave()]);
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  function enter(name: string): Promise<Membership> {
    const { read } = store;
    const unit: Store['unit'] = (act, options) => store.unit(act, options);
    const self = { role: 'engine', name, version: '0.1.0' } as const;
    return Membership.join({ store: { read, unit, now: () => now }, log, ...self });
  }

  async function connect(name: string, { id: engine }: Membership): Promise<void> {
    const hello = { boot: 'b', slots: 1, agent: '0.1.0', labels: [] };
    const machine = { sandbox: {}, facts: {}, clockSkewMs: 0, hasArtifacts: true };
    await store.unit(async (db) => {
      const who = { key: name, fingerprint: name, owner: '', agent: '0.1.0', address: null };
      await insertPending(db, { name, ...who, at: now });
      const id = (await workerByName(db, name))?.id ?? 0;
      await setOnline(db, id, { at: now, engine, ...hello, ...machine });
    });
  }

  /** Time goes on, and these say that they are there. */
  async function pass(seconds: number, ...alive: Membership[]): Promise<void> {
    for (let at = 0; at < seconds; at += 5) {
      now += 5 * second;
      for (const member of alive) await member.beat();
    }
  }

  async function names(): Promise<string[]> {
    return (await allMembers(store.read)).map(({ name }) => name);
  }

  async function online(): Promise<unknown[]> {
    const rows = await Promise.all(['w1', 'w2'].map((name) => workerByName(store.read, name)));
    return rows.map((row) => [row?.online, row?.engine]);
  }

  it('are told of another one of their name, unless it is silent', async () => {
    await using left = new AsyncDisposableStack();
    const twin = await enter('one');
    const again = await enter('two');
    left.defer(() => twin.leave());
    left.defer(() => again.leave());

    await pass(10, one, twin, again);

    assert.deepEqual(warnings, [
      'another engine of this farm is called one, too: give each its own --name',
    ]);
  });

  it('are dropped when they are silent for long, and their workers with them', async () => {
    await pass(20, one);
    await one.dropDead();
    assert.deepEqual(await names(), ['one', 'two']);

    await pass(5, one);
    await one.dropDead();

    assert.deepEqual(await names(), ['one']);
    assert.deepEqual(await online(), [
      [1, one.id],
      [0, null],
    ]);
    const events = (await eventsAfter(store.read, 0, 100)).map(
      ({ kind, subject }) => `${kind} ${subject}`,
    );
    assert.deepEqual(events.slice(-2), ['member.lost member/two', 'worker.offline worker/w2']);
  });

  it('drop nobody as long as they were silent themselves', async () => {
    await pass(60);
    await one.dropDead();
    await one.beat();
    await one.dropDead();
    assert.deepEqual(await names(), ['one', 'two']);

    await two.beat();
    await pass(25, one, two);
    await one.dropDead();

    assert.deepEqual(await names(), ['one', 'two']);
  });

  it('are back, with their workers, when they were taken for dead', async () => {
    await pass(25, one);
    await one.dropDead();

    await two.beat();

    assert.deepEqual(await names(), ['one', 'two']);
    const { id = 0 } = (await workerByName(store.read, 'w2')) ?? {};
    assert.equal(await store.unit((db) => setOnlineAgain(db, id, two.id)), true);
    assert.equal(await store.unit((db) => setOnlineAgain(db, id, one.id)), false);
  });

  it('that begin leave the workers of others alone', async () => {
    await pass(25, two);
    const three = await enter('three');

    await store.unit(async (db) => {
      assert.deepEqual(await three.others(db), [two.id]);
      await setAllOffline(db, await three.others(db));
    });

    assert.deepEqual(await online(), [
      [0, null],
      [1, two.id],
    ]);
    await three.leave();
  });

  it('are led by one', async () => {
    await one.lead();
    await two.lead();

    const members = await allMembers(store.read);
    assert.deepEqual(
      members.map(({ leads }) => leads),
      [0, 1],
    );
  });
});
