import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { startAnyPostgres } from '../../../../test/support/servers.ts';
import type { AnyPostgres, Context } from '../../../../test/support/servers.ts';
import { createDatabase } from '../../../../test/support/test-store.ts';
import { eventBounds, eventsAfter, recordEvents } from '../../src/store/events.ts';
import { insertRequest } from '../../src/store/requests.ts';
import { dropOldEvents } from '../../src/store/retention.ts';
import { getSetting, putSetting } from '../../src/store/settings.ts';
import { StoreInUseError } from '../../src/store/store-errors.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';
import { event } from '../support/event.ts';
import { newRequest } from '../support/request-row.ts';

/** Where stores are made for the contract; each test gets a place of its own. */
interface Kind {
  readonly name: string;
  start(context: Context): Promise<void>;
  place(): Promise<string>;
  end(): Promise<void>;
}

let server: AnyPostgres;
let dir: string;
let count = 0;

const sqlite: Kind = {
  name: 'SQLite',
  start: async () => void (dir = mkdtempSync(join(tmpdir(), 'weir-contract-'))),
  place: async () => join(dir, String((count += 1)), 'weir.sqlite'),
  end: async () => rmSync(dir, { recursive: true }),
};

const postgres: Kind = {
  name: 'PostgreSQL',
  async start(context) {
    server = await startAnyPostgres(context, { inContainer: true });
  },
  place: () => createDatabase(server.url('postgres'), `contract_${(count += 1)}`),
  end: async () => {
    await server?.[Symbol.asyncDispose]();
  },
};

for (const kind of [sqlite, postgres]) {
  describe(`a store on ${kind.name}`, function () {
    let place: string;
    let store: Store;

    before(function () {
      this.timeout(60_000);
      return kind.start(this);
    });
    after(() => kind.end());
    beforeEach(async () => {
      place = await kind.place();
      store = await openStore(place);
    });
    afterEach(() => store[Symbol.asyncDispose]());

    it('runs units in the order in which they come', async () => {
      const write = (name: string) => store.unit((db) => recordEvents(db, [event(name)]));

      await Promise.all([write('a.one'), write('a.two'), write('a.three')]);

      const rows = await eventsAfter(store.read, 0, 10);
      assert.deepEqual(
        rows.map(({ number, kind: name }) => [number, name]),
        [
          [1, 'a.one'],
          [2, 'a.two'],
          [3, 'a.three'],
        ],
      );
    });

    it('commits units together that come while it commits', async () => {
      let commits = 0;
      store.onCommit = () => (commits += 1);

      await Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          await nextTurn();
          await store.unit((db) => recordEvents(db, [event(`n.${n}`)]));
        }),
      );

      assert.ok(commits <= 5, `${commits} commits`);
      assert.deepEqual(await eventBounds(store.read), { oldest: 1, newest: 20 });
    });

    it('undoes a unit that throws, with its events, and only that one', async () => {
      const good = store.unit((db) => recordEvents(db, [event('good.one')]));
      const bad = store.unit(async (db) => {
        await recordEvents(db, [event('bad.one')]);
        await putSetting(db, 'bad', '1');
        throw new Error('no');
      });
      const broken = store.unit((db) => sql`select * from nowhere`.execute(db));
      const next = store.unit((db) => recordEvents(db, [event('good.two')]));

      await assert.rejects(bad, /no/);
      await assert.rejects(broken, /nowhere/);
      await Promise.all([good, next]);

      const rows = await eventsAfter(store.read, 0, 10);
      assert.deepEqual(
        rows.map(({ number, kind: name }) => [number, name]),
        [
          [1, 'good.one'],
          [2, 'good.two'],
        ],
      );
      assert.equal(await getSetting(store.read, 'bad'), undefined);
    });

    it('reads in a unit what the unit wrote, and outside of it what is committed', async () => {
      const seen = await store.unit(async (db) => {
        await putSetting(db, 'name', 'value');
        return [await getSetting(db, 'name'), await getSetting(store.read, 'name')];
      });

      assert.deepEqual(seen, ['value', undefined]);
      assert.equal(await getSetting(store.read, 'name'), 'value');
    });

    it('gives times, ids and counts as numbers', async () => {
      const row = await store.unit((db) => insertRequest(db, newRequest));
      const counted = await store.read
        .selectFrom('request')
        .select((eb) => [eb.fn.countAll<number>().as('rows'), eb.fn.sum('created_at').as('sum')])
        .executeTakeFirstOrThrow();

      assert.equal(row.id, 1);
      assert.equal(row.created_at, newRequest.createdAt);
      assert.deepEqual({ ...counted }, { rows: 1, sum: newRequest.createdAt });
    });

    it('compares text byte by byte', async () => {
      const names = ['b', 'B', 'a', 'é', 'Z', 'a-b', 'ab'];
      await store.unit(async (db) => {
        for (const name of names) await putSetting(db, name, name);
      });

      const rows = await store.read
        .selectFrom('setting')
        .select('name')
        .where('name', 'in', names)
        .orderBy('name')
        .execute();

      assert.deepEqual(
        rows.map(({ name }) => name),
        ['B', 'Z', 'a', 'a-b', 'ab', 'b', 'é'],
      );
    });

    it('takes what hostile text holds', async () => {
      const text = `'; drop table setting; --\0 \\' $1 \u{1f4a3} \ud800`;

      await store.unit((db) => putSetting(db, 'hostile', text));

      const value = (await getSetting(store.read, 'hostile')) ?? '';
      assert.ok(value.startsWith("'; drop table setting; --"));
      assert.ok(value.includes("\\' $1 \u{1f4a3}"));
    });

    it('counts events on after all old ones were dropped', async () => {
      await store.unit((db) => recordEvents(db, [event('old.one', 1), event('old.two', 2)]));

      await store.unit((db) => dropOldEvents(db, { before: 100, limit: 10 }));
      await store.unit((db) => recordEvents(db, [event('new.one', 200)]));

      assert.deepEqual(await eventBounds(store.read), { oldest: 2, newest: 3 });
    });

    it('gives no id twice', async () => {
      const first = await store.unit((db) => insertRequest(db, newRequest));
      await store.unit((db) => db.deleteFrom('request').where('id', '=', first.id).execute());

      const second = await store.unit((db) => insertRequest(db, newRequest));

      assert.ok(second.id > first.id);
    });

    it('keeps what was committed when it is opened again', async () => {
      await store.unit((db) => recordEvents(db, [event('kept.one')]));
      await store[Symbol.asyncDispose]();

      store = await openStore(place);

      await store.unit((db) => recordEvents(db, [event('kept.two')]));
      assert.deepEqual(await eventBounds(store.read), { oldest: 1, newest: 2 });
    });

    it('refuses a second engine', async function () {
      this.timeout(20_000);
      await assert.rejects(openStore(place), StoreInUseError);
    });
  });
}
