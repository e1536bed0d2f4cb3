import assert from 'node:assert/strict';
import { existsSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openObjects } from '../../src/builds/objects/open-objects.ts';
import { Retain } from '../../src/retain/retain.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../../src/store/store.ts';
import { endOf, log, numberedLines } from '../builds/logs/support.ts';
import { givenDatabase, TestTables } from '../builds/logs/test-tables.ts';

const day = 86_400_000;

describe('retention of logs that are objects', () => {
  const database = givenDatabase();
  let logs: TestTables;
  let store: Store;

  beforeEach(async () => {
    logs = await TestTables.open(database());
    store = await openStore(database().url);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await logs[Symbol.asyncDispose]();
  });

  async function round(): Promise<void> {
    const retain = new Retain({
      store,
      logs: {
        append: () => assert.fail(),
        position: () => assert.fail(),
        caughtUp: () => assert.fail(),
        finish: () => assert.fail(),
        drop: ({ id }) => logs.drop(id),
      },
      logReader: logs.reader,
      ...(await openObjects({ dir: logs.objectsDir, bucket: null })),
      artifactsDropped: async () => {},
      now: () => Date.now(),
      log: { info: () => {}, warn: (text) => assert.fail(text) },
      rules: () => ({
        retention: { buildsMs: day, logsMs: day, artifactsMs: day, noticesMs: day },
        eventRetentionMs: day,
      }),
      restMs: () => 0,
    });
    await retain.round();
  }

  it('sweeps no object that a log is in, and those of logs that were dropped', async () => {
    const printed = numberedLines(100_000);
    await logs.appendAll(0, printed);
    await logs.finish(endOf(printed));
    await logs.pack();
    const object = logs.objectPath(await logs.objectOf(log.id));
    utimesSync(object, 1, 1);

    await round();
    assert.ok(existsSync(object));

    await logs.drop(log.id);
    await round();
    assert.equal(existsSync(object), false);
  });
});
