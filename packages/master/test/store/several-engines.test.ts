import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { CommitCutter } from '../../../../test/support/commit-cutter.ts';
import { ownPostgres, startAnyPostgres } from '../../../../test/support/servers.ts';
import type { AnyPostgres } from '../../../../test/support/servers.ts';
import { createDatabase } from '../../../../test/support/test-store.ts';
import { eventBounds, eventsAfter, recordEvents } from '../../src/store/events.ts';
import { insertMember } from '../../src/store/members.ts';
import { programNumber, StoreTooNewError } from '../../src/store/migrate.ts';
import { claimRequest, insertRequest } from '../../src/store/requests.ts';
import { getSetting, putSetting } from '../../src/store/settings.ts';
import { StoreAwayError, StoreInUseError } from '../../src/store/store-errors.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store, StoreOptions } from '../../src/store/store.ts';
import { event } from '../support/event.ts';
import { newRequest } from '../support/request-row.ts';

describe('a store on PostgreSQL that several engines write', function () {
  this.timeout(60_000);
  let server: AnyPostgres;
  let stores: Store[];
  let place: string;
  let count = 0;
  const shared: StoreOptions = { isShared: true };

  before(async function () {
    server = await startAnyPostgres(this);
  });
  after(() => server?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    place = await createDatabase(server.url('postgres'), `engines_${(count += 1)}`);
    // Started at the same moment on a database that none has migrated.
    stores = await Promise.all([1, 2, 3].map(() => openStore(place, shared)));
  });
  afterEach(() => Promise.all(stores.map((store) => store[Symbol.asyncDispose]())));

  it('shows readers gap-free event numbers in the order of the commits', async () => {
    const each = 60;
    const reader = stores[0]?.read ?? assert.fail();
    const seen: number[] = [];
    const writing = Promise.all(
      stores.map(async (store, engine) => {
        for (let n = 0; n < each; n += 1) {
          const events = [event(`engine${engine}.${n}`), event(`engine${engine}.more`)];
          await store.unit((db) => recordEvents(db, events), { isGuarded: n % 5 > 0 });
        }
      }),
    );

    // What is not there when a later number is seen would never be seen.
    let isDone = false;
    void writing.finally(() => (isDone = true));
    for (let isLast = false; !isLast;) {
      isLast = isDone;
      const rows = await eventsAfter(reader, seen.at(-1) ?? 0, 1_000);
      seen.push(...rows.map(({ number }) => number));
    }
    await writing;

    const all = Array.from({ length: 2 * each * stores.length }, (_, index) => index + 1);
    assert.deepEqual(seen, all);
  });

  it('tells an engine of what another one committed, also after the server was away', async function () {
    const own = ownPostgres(this, server);
    const [one, two] = stores;
    if (one === undefined || two === undefined) assert.fail();
    for (const isAfterCrash of [false, true]) {
      if (isAfterCrash) {
        await own.kill();
        await own.start();
      }
      const woken = Promise.withResolvers<void>();
      two.onCommit = () => woken.resolve();

      await one.unit((db) => recordEvents(db, [event('told.of')]));

      await woken.promise;
    }
  });

  it('lets one of several claims succeed', async () => {
    const { id } = (await stores[0]?.unit((db) => insertRequest(db, newRequest))) ?? assert.fail();

    const claims = await Promise.all(
      stores.map((store) => store.unit((db) => claimRequest(db, id), { isGuarded: true })),
    );

    assert.equal(claims.filter(Boolean).length, 1);
  });

  it('runs a unit that says nothing of guards alone', async () => {
    const increment = (store: Store) =>
      store.unit(async (db) => {
        const value = Number((await getSetting(db, 'count')) ?? '0');
        await putSetting(db, 'count', String(value + 1));
      });

    await Promise.all(
      stores.flatMap((store) =>
        Array.from({ length: 20 }, async () => {
          await nextTurn();
          await increment(store);
        }),
      ),
    );

    assert.equal(await getSetting(stores[0]?.read ?? assert.fail(), 'count'), '60');
  });

  it('runs units again that locked each other out, each once', async () => {
    const [one, two] = stores;
    if (one === undefined || two === undefined) assert.fail();
    await one.unit(async (db) => {
      for (const name of ['a', 'b']) await putSetting(db, name, '');
    });
    const bothHold = Promise.withResolvers<void>();
    let holding = 0;
    /** Each takes one row, and wants the other's. */
    const cross = (store: Store, first: string, second: string) =>
      store.unit(
        async (db) => {
          const append = (name: string) =>
            sql`update setting set value = value || ${first}::text where name = ${name}`.execute(
              db,
            );
          await append(first);
          holding += 1;
          if (holding >= 2) bothHold.resolve();
          await bothHold.promise;
          await append(second);
          await recordEvents(db, [event(`crossed.${first}`)]);
        },
        { isGuarded: true },
      );

    await Promise.all([cross(one, 'a', 'b'), cross(two, 'b', 'a')]);

    const values = await Promise.all(['a', 'b'].map((name) => getSetting(one.read, name)));
    assert.deepEqual(
      values.map((value) => value?.split('').toSorted().join('')),
      ['ab', 'ab'],
    );
    assert.deepEqual(await eventBounds(one.read), { oldest: 1, newest: 2 });
    assert.ok(holding > 2, 'one of them was run again');
  });

  it('commits each unit once through crashes of the server', async function () {
    const own = ownPostgres(this, server);
    const each = 40;
    const writing = stores.map(async (store, engine) => {
      for (let n = 0; n < each; n += 1) {
        await store.unit((db) => recordEvents(db, [event(`engine${engine}.${n}`)]), {
          isGuarded: true,
        });
      }
    });
    for (const _ of [1, 2]) {
      await own.kill();
      await own.start();
    }
    await Promise.all(writing);

    const rows = await eventsAfter(stores[0]?.read ?? assert.fail(), 0, 1_000);
    const kinds = rows.map(({ kind: name }) => name);
    assert.equal(new Set(kinds).size, kinds.length);
    assert.equal(kinds.length, each * stores.length);
    assert.equal(rows.at(-1)?.number, kinds.length);
  });

  it('has one time for all engines, which is the server’s', async () => {
    const [one, two] = stores;
    if (one === undefined || two === undefined) assert.fail();

    const { rows } = await sql<{ at: number }>`
      select (extract(epoch from clock_timestamp()) * 1000)::bigint as at`.execute(one.read);

    const at = rows[0]?.at ?? 0;
    assert.ok(Math.abs(one.now() - at) < 1_000, `${one.now()} and ${at}`);
    assert.ok(Math.abs(one.now() - two.now()) < 1_000);
  });

  it('finds out what became of a commit whose answer got lost', async function () {
    ownPostgres(this, server);
    const url = new URL(place);
    const socket = join(url.searchParams.get('host') ?? '', '.s.PGSQL.5432');
    await using cutter = await CommitCutter.start(socket);
    const through = `postgres://weir@127.0.0.1:${cutter.port}${url.pathname}`;
    await using store = await openStore(through, shared);
    cutter.toCut = 3;

    for (const n of [1, 2, 3, 4]) {
      await store.unit((db) => recordEvents(db, [event(`once.${n}`)]));
    }

    const kinds = (await eventsAfter(stores[0]?.read ?? assert.fail(), 0, 10)).map(
      (row) => row.kind,
    );
    assert.equal(cutter.toCut, 0);
    assert.deepEqual(kinds, ['once.1', 'once.2', 'once.3', 'once.4']);
  });

  it('commits each unit once though sessions are ended in the middle of it', async () => {
    const [one] = stores;
    if (one === undefined) assert.fail();
    const each = 60;
    const mostEnded = 60;
    let isDone = false;
    const writing = Promise.all(
      stores.map(async (store, engine) => {
        for (let n = 0; n < each; n += 1) {
          await store.unit((db) => recordEvents(db, [event(`engine${engine}.${n}`)]), {
            isGuarded: true,
          });
        }
      }),
    ).finally(() => (isDone = true));
    let ended = 0;
    while (!isDone && ended < mostEnded) {
      const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like '%commit%' and pid != pg_backend_pid()`.execute(
        one.read,
      );
      ended += rows.length;
      await nextTurn();
    }
    await writing;
    assert.ok(ended > 0, 'none was ended');

    const rows = await eventsAfter(one.read, 0, 1_000);
    assert.equal(new Set(rows.map(({ kind: name }) => name)).size, each * stores.length);
    assert.equal(rows.length, each * stores.length);
    assert.equal(rows.at(-1)?.number, rows.length);
  });

  it('is migrated by a newer engine while older ones write', async () => {
    const [old] = stores;
    if (old === undefined) assert.fail();
    await old.unit(async (db) => {
      await db.schema.dropTable('member').execute();
      await db.schema.alterTable('worker').dropColumn('engine').execute();
      await sql`delete from migration where number = 19`.execute(db);
    });
    let isDone = false;
    const writing = (async () => {
      let count = 0;
      for (; !isDone; count += 1) {
        await old.unit((db) => recordEvents(db, [event('old.wrote')]), { isGuarded: true });
      }
      return count;
    })();

    const said: string[] = [];
    await using newer = await openStore(place, { ...shared, say: (text) => said.push(text) });

    isDone = true;
    const wrote = await writing;
    await newer.unit((db) => insertMember(db, { role: 'engine', name: 'n', version: '1', at: 0 }));
    assert.match(said.join(), /^the store was migrated from schema \d+ to \d+$/);
    assert.equal((await eventBounds(newer.read)).newest, wrote);
  });

  it('runs an older engine on a newer schema as long as that allows it', async () => {
    const [newer] = stores;
    const migrated = (oldestProgram: number) =>
      newer?.unit((db) =>
        sql`insert into migration (number, name, oldest_program, applied_at)
          values (${programNumber + oldestProgram}, 'later', ${oldestProgram}, 0)`.execute(db),
      );
    await migrated(programNumber);
    await (await openStore(place, shared))[Symbol.asyncDispose]();

    await migrated(programNumber + 1);

    await assert.rejects(openStore(place, shared), StoreTooNewError);
    await newer?.unit((db) => recordEvents(db, [event('goes.on')]));
  });

  it('is not shared with an engine that has it alone, and either is told of Redis', async () => {
    await assert.rejects(openStore(place), (error) => {
      assert.ok(error instanceof StoreInUseError);
      assert.match(error.message, /open: stop it first; masters share one .* a Redis, by --redis/);
      return true;
    });
    await Promise.all(stores.splice(0).map((store) => store[Symbol.asyncDispose]()));
    await using _alone = await openStore(place);

    await assert.rejects(openStore(place, shared), (error) => {
      assert.ok(error instanceof StoreInUseError);
      assert.match(error.message, /for itself; masters share one .* a Redis, by --redis/);
      return true;
    });
  });

  it('says so when there is no such database', async () => {
    const url = place.replace(/engines_\d+/, 'nowhere');

    await assert.rejects(openStore(url), (error) => {
      assert.ok(error instanceof StoreAwayError);
      assert.match(error.message, /"nowhere" does not exist/);
      return true;
    });
  });
});
