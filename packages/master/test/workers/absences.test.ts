import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { eventsAfter } from '../../src/store/events.ts';
import { setOffline, setOnline } from '../../src/store/presence.ts';
import type { Store } from '../../src/store/store.ts';
import {
  insertPending,
  setEnrolment,
  setWorkerPause,
  workerByName,
} from '../../src/store/workers.ts';
import { Absences } from '../../src/workers/absences.ts';

const minute = 60_000;
const text = `
farm: Test
platforms: { here: [linux] }
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: { main: {} }
    steps: [build: make]
limits: { missing-after: 10m }
`;

describe('absences', () => {
  let dir: string;
  let store: Store;
  let now = 0;
  let id: number;
  let absences: Absences;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-absent-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    now = 1_000_000;
    absences = newEngine();
    await store.unit(async (db) => {
      const who = { name: 'w1', key: 'k', fingerprint: 'SHA256:k', owner: '', agent: '0.1.0' };
      await insertPending(db, { ...who, address: null, at: now });
      id = (await workerByName(db, 'w1'))?.id ?? 0;
      await setEnrolment(db, id, ['pending'], 'accepted');
    });
    await online();
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  function newEngine(): Absences {
    const reading = readFarmText(text, 'farm.yaml');
    if (!reading.ok) throw new Error(JSON.stringify(reading.errors));
    return new Absences({ store, now: () => now, farm: () => reading.farm });
  }

  async function online(): Promise<void> {
    const hello = { boot: 'b', slots: 1, agent: '0.1.0', labels: [] };
    const machine = { sandbox: {}, facts: {}, clockSkewMs: 0, hasArtifacts: true };
    await store.unit((db) => setOnline(db, id, { at: now, ...hello, ...machine }));
  }

  async function offline(): Promise<void> {
    await store.unit((db) => setOffline(db, id, { at: now }));
  }

  async function pass(minutes: number): Promise<void> {
    for (let count = 0; count < minutes; count += 1) {
      now += minute;
      await absences.look();
    }
  }

  async function told(): Promise<string[]> {
    return (await eventsAfter(store.read, 0, 100)).map(({ kind }) => kind);
  }

  it('tells once of a worker that is away, and once that it is back', async () => {
    await offline();
    await pass(9);
    assert.deepEqual(await told(), []);
    await pass(20);
    assert.deepEqual(await told(), ['worker.missing']);

    await online();
    await pass(2);
    assert.deepEqual(await told(), ['worker.missing', 'worker.back']);
  });

  it('counts only the time in which an engine ran', async () => {
    await offline();
    await pass(5);
    now += 600 * minute;
    absences = newEngine();
    await pass(4);
    assert.deepEqual(await told(), []);
    await pass(1);
    assert.deepEqual(await told(), ['worker.missing']);
  });

  it('counts at most five minutes between two looks, for a farm that slept', async () => {
    await offline();
    now += 600 * minute;
    await absences.look();
    assert.deepEqual(await told(), []);
  });

  it('does not miss who is paused', async () => {
    await store.unit((db) => setWorkerPause(db, id, { by: 'admin', at: now, reason: 'holiday' }));
    await offline();
    await pass(30);
    assert.deepEqual(await told(), []);
  });
});
