import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { LogConnection } from '../../../src/builds/logs/postgres/log-connection.ts';
import { endOf, numberedLines, readAll } from './support.ts';
import { givenDatabase, TestTables } from './test-tables.ts';

const printed = numberedLines(100_000);

describe('the logs of a day that is over', () => {
  const database = givenDatabase();
  let logs: TestTables;

  beforeEach(async () => {
    logs = await TestTables.open(database());
  });
  afterEach(() => logs[Symbol.asyncDispose]());

  async function rows<R>(text: string): Promise<R[]> {
    await using connection = new LogConnection(database().url);
    return await connection.query<R>(text);
  }

  async function bring(bytes: Buffer): Promise<void> {
    await logs.appendAll(0, bytes);
    assert.equal((await logs.finish(endOf(bytes))).t, 'kept');
  }

  const day = '2026-01-05';
  const table = `log_chunk_${day.replaceAll('-', '')}`;
  const isThere = async () =>
    (await rows(`select 1 where to_regclass('${table}') is not null`)).length === 1;

  async function age(): Promise<void> {
    await logs.days.ensure(day);
    await rows(`update log_head set day = '${day}'`);
    await rows(`update log_chunk set day = '${day}'`);
    await logs.restart();
  }

  it('take their partition along once all of them are packed', async () => {
    await bring(printed);
    await age();
    await logs.days.dropPast();
    assert.ok(await isThere(), 'a log of it waits to be packed');

    await logs.pack();
    await logs.days.dropPast();

    assert.equal(await isThere(), false);
    assert.deepEqual(await readAll(logs.reader), printed);
  });

  it('outlast it where they have no end, and can be gone on with', async () => {
    await logs.appendAll(0, printed.subarray(0, 500_000));
    await age();
    await logs.append(500_000, printed.subarray(500_000, 500_100));

    await logs.days.dropPast();
    assert.equal(await isThere(), false);
    assert.deepEqual(await readAll(logs.reader), printed.subarray(0, 500_100));
    await logs.appendAll(500_100, printed.subarray(500_100));

    assert.equal((await logs.finish(endOf(printed))).t, 'kept');
    await logs.pack();
    assert.notEqual((await logs.chunks()).length, 0);
    await logs.days.dropPast();
    assert.equal((await logs.chunks()).length, 0);
    assert.deepEqual(await readAll(logs.reader), printed);
  });

  it('stay while somebody copies the database, and nobody waits for long', async () => {
    await bring(printed);
    await age();
    await logs.pack();
    await using connection = new LogConnection(database().url);
    const dump = await connection.connect();
    await dump.send('begin; select count(*) from log_chunk');

    await logs.days.dropPast();

    assert.ok(await isThere());
    await dump.send('commit');
    await logs.days.dropPast();
    assert.equal(await isThere(), false);
  });

  it('have partitions for the days to come', async () => {
    await logs.days.makeAhead();

    const made = await rows(
      `select 1 from generate_series(0, 3) n
       where to_regclass('log_chunk_' || to_char((now() at time zone 'utc')::date + n, 'YYYYMMDD')) is not null`,
    );
    assert.equal(made.length, 4);
  });
});
