import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import type { Store } from '../../src/store/store.ts';
import { openFarmKey } from '../../src/workers/farm-key.ts';
import { knownFarmKey, sharedFarmKey } from '../../src/workers/shared-farm-key.ts';

describe("a farm's key in its database", () => {
  let dir: string;
  let store: Store;
  let warnings: string[];
  const log = { info: () => {}, warn: (text: string) => void warnings.push(text) };

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-key-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    warnings = [];
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  it('is made once, for all engines that begin together', async () => {
    assert.equal(await knownFarmKey(store), null);

    const [one, two] = await Promise.all([
      sharedFarmKey(store, join(dir, 'one.pem'), log),
      sharedFarmKey(store, join(dir, 'two.pem'), log),
    ]);

    assert.equal(one.fingerprint, two.fingerprint);
    assert.equal((await knownFarmKey(store))?.fingerprint, one.fingerprint);
  });

  it('is the one that the data folder has, from the first time on', async () => {
    const path = join(dir, 'farm-key.pem');
    const { fingerprint } = openFarmKey(path);

    assert.equal((await sharedFarmKey(store, path, log)).fingerprint, fingerprint);
    rmSync(path);
    assert.equal((await sharedFarmKey(store, path, log)).fingerprint, fingerprint);
    assert.deepEqual(warnings, []);
  });

  it('stays when another folder has another one, and that is said', async () => {
    const { fingerprint } = await sharedFarmKey(store, join(dir, 'none.pem'), log);
    const path = join(dir, 'farm-key.pem');
    openFarmKey(path);

    assert.equal((await sharedFarmKey(store, path, log)).fingerprint, fingerprint);
    assert.match(warnings.join(), /farm-key\.pem is not the farm's key/);
  });
});
