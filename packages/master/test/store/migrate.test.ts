import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { SmallDisk } from '../../../../test/chaos/machine.ts';
import { needs } from '../../../../test/support/needs.ts';
import { eventBounds, recordEvents } from '../../src/store/events.ts';
import { programNumber, StoreNotCopiedError, StoreTooNewError } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/store.ts';

type Row = Readonly<Record<string, unknown>>;

const upgrades = new URL('./upgrades/', import.meta.url);
/** Stores of every schema before this one, as programs of their time left them. */
const levels = readdirSync(upgrades)
  .flatMap((name) => /^(\d+)\.sql$/.exec(name)?.[1] ?? [])
  .map(Number)
  .toSorted((a, b) => a - b);

describe('a store of an older schema', () => {
  let dir: string;
  let path: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-migrate-'));
    path = join(dir, 'weir.sqlite');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function load(level: number): Map<string, Row[]> {
    using db = new DatabaseSync(path);
    db.exec(readFileSync(new URL(`${level}.sql`, upgrades), 'utf8'));
    return rowsOf(path);
  }

  for (const level of levels) {
    it(`keeps every row from schema ${level}`, async () => {
      const before = load(level);

      await using _store = await openStore(path);

      const after = rowsOf(path);
      for (const [table, rows] of before) {
        if (table === 'migration') continue;
        assert.deepEqual(after.get(table)?.map(columnsOf(rows[0])), rows, table);
      }
      assert.equal(after.get('migration')?.at(-1)?.['number'], programNumber);
    });
  }

  it('comes to the schema of a new store', async () => {
    load(1);
    const fresh = join(dir, 'new.sqlite');
    for (const store of [path, fresh]) await (await openStore(store))[Symbol.asyncDispose]();

    assert.deepEqual(schemaOf(path), schemaOf(fresh));
  });

  it('gives no number out twice from then on', async () => {
    load(1);
    await using store = await openStore(path);
    const event = { at: 1, kind: 'a.b', actor: 'test', subject: 'farm', data: {} };
    const { newest } = await eventBounds(store.read);

    await store.unit((db) => db.deleteFrom('event').where('number', '=', newest).execute());
    await store.unit((db) => recordEvents(db, [event]));

    assert.equal((await eventBounds(store.read)).newest, newest + 1);
  });

  it('is copied first, as it was', async () => {
    const before = load(1);

    const said: string[] = [];
    await (await openStore(path, { say: (text) => said.push(text) }))[Symbol.asyncDispose]();

    const [copy, ...more] = readdirSync(join(dir, 'before-migration'));
    assert.match(copy ?? '', /^\d{8}T\d{9}Z-schema-1\.sqlite$/);
    assert.deepEqual(more, []);
    assert.deepEqual(rowsOf(join(dir, 'before-migration', copy ?? '')), before);
    assert.match(said.join(), /^the store is migrated from schema 1 to \d+; as it was, it is \//);
  });

  it('leaves the last three copies', async () => {
    const copies = join(dir, 'before-migration');
    mkdirSync(copies);
    for (const day of ['01', '02', '03']) {
      writeFileSync(join(copies, `202601${day}T000000000Z-schema-1.sqlite`), '');
    }
    load(1);

    await (await openStore(path))[Symbol.asyncDispose]();

    const kept = readdirSync(copies).toSorted();
    assert.deepEqual(
      kept.slice(0, 2),
      ['02', '03'].map((day) => `202601${day}T000000000Z-schema-1.sqlite`),
    );
    assert.equal(kept.length, 3);
  });

  it('is left alone when it can not be copied', async () => {
    const before = load(1);
    // A file where the folder of the copies would be.
    writeFileSync(join(dir, 'before-migration'), '');

    await assert.rejects(openStore(path), (error) => {
      assert.ok(error instanceof StoreNotCopiedError);
      assert.match(error.message, /^the store was not migrated, as it could not be copied to \//);
      return true;
    });

    assert.deepEqual(rowsOf(path), before);
  });

  it('is left alone when the disk has no room for a copy', async function () {
    needs(this, 'root');
    using disk = new SmallDisk(join(dir, 'disk'), 9_000_000);
    path = join(disk.dir, 'weir.sqlite');
    load(1);
    {
      using db = new DatabaseSync(path);
      const fill = `insert into event (at, kind, actor, subject, data_json) values (0, 'x', 'x', 'x', ?)`;
      db.prepare(fill).run('x'.repeat(1_800_000));
    }
    writeFileSync(join(disk.dir, 'ballast'), Buffer.alloc(6_000_000));
    const before = rowsOf(path);

    await assert.rejects(openStore(path), /not migrated.*database or disk is full/);

    assert.deepEqual(rowsOf(path), before);
    assert.deepEqual(readdirSync(join(disk.dir, 'before-migration')), []);
    rmSync(join(disk.dir, 'ballast'));
    await (await openStore(path))[Symbol.asyncDispose]();
    assert.equal(rowsOf(path).get('migration')?.at(-1)?.['number'], programNumber);
  });

  it('is of the old schema still after a crash in the middle', async () => {
    const before = load(1);
    const script = fileURLToPath(new URL('./migrate-and-crash.ts', import.meta.url));

    const [, signal] = (await once(fork(script, [path]), 'exit')) as [number | null, string | null];

    assert.equal(signal, 'SIGKILL');
    assert.deepEqual(rowsOf(path), before);
    await (await openStore(path))[Symbol.asyncDispose]();
    assert.equal(rowsOf(path).get('migration')?.at(-1)?.['number'], programNumber);
  });

  it('is refused when a newer program made it, with what to do', async () => {
    await (await openStore(path))[Symbol.asyncDispose]();
    {
      using db = new DatabaseSync(path);
      db.exec(
        `insert into migration values (${programNumber + 9}, 'later', ${programNumber + 8}, 0)`,
      );
    }

    await assert.rejects(openStore(path), (error) => {
      assert.ok(error instanceof StoreTooNewError);
      assert.match(
        error.message,
        /which a newer weir made.* run the newer one, or restore a backup/,
      );
      return true;
    });
  });
});

function rowsOf(path: string): Map<string, Row[]> {
  using db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare(
    `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`,
  );
  return new Map(
    tables.all().map(({ name }) => {
      const rows = db.prepare(`select * from "${String(name)}"`).all();
      return [String(name), rows.map((row) => ({ ...row }))];
    }),
  );
}

/** Its columns and indexes, in no order. */
function schemaOf(path: string): unknown {
  using db = new DatabaseSync(path, { readOnly: true });
  const columns = db.prepare(`
    select t.name as "table", c.name, c.type, c."notnull", c.dflt_value, c.pk,
      t.sql like '%autoincrement%' as counts
    from sqlite_master t, pragma_table_info(t.name) c where t.type = 'table' order by 1, 2`);
  const indexes = db.prepare(`
    select name, tbl_name, sql from sqlite_master where type = 'index' and sql is not null order by 1`);
  return [...columns.all(), ...indexes.all()].map((row) => ({ ...row }));
}

/** Of a row, the columns that it had before. */
function columnsOf(before: Row = {}): (row: Row) => Row {
  const names = Object.keys(before);
  return (row) => Object.fromEntries(names.map((name) => [name, row[name]]));
}
