import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { DiskFullError } from '../../src/store/disk-full.ts';
import { eventsAfter, recordEvents } from '../../src/store/events.ts';
import { StoreHalfRestoredError, StoreInUseError } from '../../src/store/store-errors.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';

const event = (kind: string, at = 1) => ({ at, kind, actor: 'engine', subject: 'farm', data: {} });

describe('the store on SQLite', () => {
  let dir: string;
  let store: Store;
  const statements: string[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-store-'));
    statements.length = 0;
    store = await openStore(join(dir, 'weir.sqlite'), {
      onStatement: (sql) => statements.push(sql),
    });
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  it('commits units that wait together in one transaction, in order', async () => {
    statements.length = 0;
    const write = (kind: string) => store.unit((db) => recordEvents(db, [event(kind)]));

    await Promise.all([write('a.one'), write('a.two'), write('a.three')]);

    const kinds = (await eventsAfter(store.read, 0, 10)).map((row) => row.kind);
    assert.deepEqual(kinds, ['a.one', 'a.two', 'a.three']);
    const commits = statements.filter((sql) => sql === 'commit');
    assert.equal(commits.length, 1);
  });

  it('waits once for a store that something else has locked, and writes then', async () => {
    const other = new DatabaseSync(join(dir, 'weir.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    statements.length = 0;
    const write = (kind: string) => store.unit((db) => recordEvents(db, [event(kind)]));

    const written = await Promise.allSettled([write('a.one'), write('a.two')]);

    other.close();
    assert.deepEqual(
      written.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(statements.filter((sql) => sql.startsWith('begin')).length, 1);
    await write('a.three');
    assert.equal((await eventsAfter(store.read, 0, 10)).length, 1);
  });

  it('takes more events at once than a statement can bind values', async () => {
    const kinds = Array.from({ length: 10_000 }, (_, n) => `n.${n}`);

    await store.unit((db) =>
      recordEvents(
        db,
        kinds.map((kind) => event(kind)),
      ),
    );

    const rows = await eventsAfter(store.read, 0, 20_000);
    assert.deepEqual(
      rows.map(({ kind }) => kind),
      kinds,
    );
  });

  it('commits units together that come while the disk is busy', async () => {
    const write = (n: number) => store.unit((db) => recordEvents(db, [event(`n.${n}`)]));
    statements.length = 0;

    // Each in a turn of its own, as messages come.
    const written = Array.from({ length: 20 }, async (_, n) => {
      await nextTurn();
      await write(n);
    });
    await Promise.all(written);

    const commits = statements.filter((sql) => sql === 'commit');
    assert.ok(commits.length <= 2, `${commits.length} commits`);
  });

  it('says that the disk is full, writes nothing, and goes on when there is room', async () => {
    const pages = (count: number) =>
      store.unit((db) => sql`pragma max_page_count = ${sql.lit(count)}`.execute(db));
    const noticed: unknown[] = [];
    store.onDiskFull = () => noticed.push('full');
    await store.unit((db) => recordEvents(db, [event('small.one')]));
    await pages(1);
    const large = { ...event('large.one'), data: { text: 'x'.repeat(200_000) } };

    await assert.rejects(
      store.unit((db) => recordEvents(db, [large])),
      DiskFullError,
    );

    assert.deepEqual(noticed, ['full']);
    await pages(1_000_000);
    await store.unit((db) => recordEvents(db, [event('after.it')]));
    const kinds = (await eventsAfter(store.read, 0, 10)).map((row) => row.kind);
    assert.deepEqual(kinds, ['small.one', 'after.it']);
  });

  it('refuses a second engine on the same file', async () => {
    await assert.rejects(openStore(join(dir, 'weir.sqlite')), StoreInUseError);
  });

  it('makes no new store where a restore was interrupted', async () => {
    const path = join(dir, 'half', 'weir.sqlite');
    mkdirSync(join(dir, 'half'));
    writeFileSync(`${path}.part`, '');

    await assert.rejects(openStore(path), StoreHalfRestoredError);
  });
});
