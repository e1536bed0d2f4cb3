import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../test/support/test-store.ts';
import type { EngineFacts } from '../src/engine-facts.ts';
import { knownEngines, ToldFacts } from '../src/engine-facts.ts';
import { putSetting } from '../src/store/settings.ts';
import type { Store } from '../src/store/store.ts';

const facts: EngineFacts = {
  workerPort: 8011,
  farmRepository: { url: 'https://git.example/farm', branch: 'main' },
  farmOptions: { remotes: new Map([['https://git.example/lua', '/mirrors/lua']]), base: '/farm' },
  isMailSet: true,
  objects: 's3://weir/farm/',
  shortage: null,
  heartbeat: null,
  objectsAway: null,
  warnings: ['The farm file is broken.'],
};

describe('what an engine says of itself', () => {
  let dir: string;
  let store: Store;
  const log = { info: () => {}, warn: () => {} };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-facts-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  async function heard(): Promise<void> {
    while ((await knownEngines(store.read, store.now())).length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('is known to others for as long as it lives', async () => {
    const told = new ToldFacts(store, () => facts, log);
    await heard();

    const [engine] = await knownEngines(store.read, store.now());
    const [silent] = await knownEngines(store.read, store.now() + 11_000);
    await told[Symbol.asyncDispose]();

    assert.deepEqual(engine, { isAlive: true, facts });
    assert.deepEqual(silent, { isAlive: false, facts });
    assert.deepEqual(await knownEngines(store.read, store.now()), [{ isAlive: false, facts }]);
  });

  it('is told anew when it changes, the newest first', async () => {
    await using _first = new ToldFacts(store, () => facts, log);
    await heard();
    let shortage: string | null = null;
    const second = new ToldFacts(store, () => ({ ...facts, shortage }), log);
    shortage = 'The disk is full.';
    second.changed();
    await second.written;

    const engines = await knownEngines(store.read, store.now());
    await second[Symbol.asyncDispose]();

    assert.equal(engines.length, 2);
    assert.ok(engines.some((engine) => engine.facts.shortage === shortage));
  });

  it('is dropped by the next engine when it died long ago, and so is what nobody can read', async () => {
    const dead = { heardAt: store.now() - 61_000, facts: {} };
    await store.unit(async (db) => {
      await putSetting(db, 'engine/dead', JSON.stringify(dead));
      await putSetting(db, 'engine/strange', '[]');
    });

    await using told = new ToldFacts(store, () => facts, log);
    await told.written;

    const rows = await store.read
      .selectFrom('setting')
      .select('name')
      .where('name', 'like', 'engine/%')
      .execute();
    assert.equal(rows.length, 1);
    assert.ok(!['engine/dead', 'engine/strange'].includes(rows[0]?.name ?? ''));
  });
});
