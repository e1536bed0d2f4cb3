import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KyselyPlugin } from 'kysely';
import { after, before, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { Deliverer } from '../../src/notify/deliverer.ts';
import { insertDeliveries } from '../../src/store/deliveries.ts';
import { insertNotice } from '../../src/store/notices.ts';
import type { Store } from '../../src/store/store.ts';

describe('the deliverer of a channel', () => {
  let dir: string;
  let store: Store;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-deliverer-'));
    store = await openTestStore(join(dir, 'store.sqlite'));
  });
  after(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  it('sends nothing again that was sent while it looked what is due', async () => {
    await store.unit(async (db) => {
      const notice = await insertNotice(db, { kind: 'worker-missing', about: 'worker/w1', at: 1 });
      const to = { notice, channel: 'mail', address: 'ada@example.test' } as const;
      const delivery = { ...to, subscriptions: [], messageId: '<1@example.test>', answers: null };
      await insertDeliveries(db, [delivery], 1);
    });
    const looks = new HeldReads();
    const taken = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    let sent = 0;
    const deliverer = new Deliverer({
      store: {
        ...store,
        read: store.read.withPlugin(looks),
        async unit(unit, options) {
          const value = await store.unit(unit, options);
          stored.resolve();
          return value;
        },
      },
      now: () => 1_000,
      log: { info() {}, warn: (text) => assert.fail(text) },
      channel: 'mail',
      async send() {
        sent += 1;
        begun.resolve();
        await taken.promise;
        return true;
      },
    });
    deliverer.wake();
    await begun.promise;
    await looks.rest();

    const held = looks.hold();
    deliverer.wake();
    await held.read;
    taken.resolve();
    await stored.promise;
    await new Promise((resolve) => setImmediate(resolve));
    held.release();
    await looks.rest();
    await deliverer.stop();

    assert.equal(sent, 1);
  });
});

/** Reads whose results can be held back. */
class HeldReads implements KyselyPlugin {
  #gate: Promise<void> = Promise.resolve();
  #hasRead = Promise.withResolvers<void>();
  #underWay = 0;

  readonly transformQuery: KyselyPlugin['transformQuery'] = ({ node }) => {
    this.#underWay += 1;
    return node;
  };

  readonly transformResult: KyselyPlugin['transformResult'] = async ({ result }) => {
    this.#hasRead.resolve();
    await this.#gate;
    this.#underWay -= 1;
    return result;
  };

  /** The next result is read from the store, and waits for `release`. */
  hold(): { read: Promise<void>; release: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    this.#hasRead = Promise.withResolvers();
    return { read: this.#hasRead.promise, release: resolve };
  }

  /** Resolves when nothing has been read for some turns. */
  async rest(): Promise<void> {
    for (let quiet = 0; quiet < 20; quiet = this.#underWay === 0 ? quiet + 1 : 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
