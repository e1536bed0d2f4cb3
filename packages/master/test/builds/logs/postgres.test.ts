import assert from 'node:assert/strict';
import { on } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { LogAddress } from '../../../src/builds/log-sink.ts';
import { hearLogGrowth, openLogSink } from '../../../src/builds/logs/open-logs.ts';
import { LogConnection } from '../../../src/builds/logs/postgres/log-connection.ts';
import { PostgresKeeper } from '../../../src/builds/logs/postgres/postgres-keeper.ts';
import {
  endOf,
  keptOf,
  log,
  numberedLines,
  rangesOf,
  readAll,
  removeFolder,
  temporaryFolder,
} from './support.ts';
import { clearLogs, givenDatabase, openReaderOf, placeOf, TestTables } from './test-tables.ts';

const printed = numberedLines(100_000);
const small: LogAddress = { id: 8, file: log.file };

describe('logs on PostgreSQL', () => {
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

  async function bring(bytes: Buffer, address = log): Promise<void> {
    await logs.appendAll(0, bytes, address);
    assert.equal((await logs.finish(endOf(bytes), address)).t, 'kept');
  }

  const heads = () =>
    rows<{ log_id: number; sha256: string | null; has_row: number }>(
      'select log_id, packed_sha256 as sha256, packed is not null as has_row from log_head order by log_id',
    );

  it('leave no connection behind: what was asked is answered, and nothing more is asked', async () => {
    const connection = new LogConnection(database().url);
    await connection.connect();
    const late = connection.query('select pg_sleep(0.2), 7 as seven');
    const hung = connection.query('select pg_sleep(60)').then(
      () => 'answered',
      (error: unknown) => String(error),
    );
    await nextTurn();

    await connection[Symbol.asyncDispose]();

    assert.equal((await late)[0]?.['seven'], 7);
    assert.match(await hung, /terminated/);
    await assert.rejects(connection.query('select 1'), /closed/);
  });

  describe('that are finished', () => {
    it('are one object each, small ones a row; chunks are read no more', async () => {
      await bring(printed);
      await bring(Buffer.from('small\n'), small);
      await logs.pack();
      await rows('truncate log_chunk');

      const [large, other] = await heads();
      assert.ok(large?.sha256 && existsSync(logs.objectPath(large.sha256)));
      assert.deepEqual([other?.sha256, other?.has_row], [null, 1]);
      assert.deepEqual(await readAll(logs.reader), printed);
      assert.equal(String(await readAll(logs.reader, small)), 'small\n');
      assert.deepEqual(logs.warnings, []);
    });

    it('are different objects though they say the same', async () => {
      await bring(printed);
      await bring(printed, small);
      await logs.pack();

      const [one, other] = await heads();
      assert.notEqual(one?.sha256, other?.sha256);
    });

    it('name their objects, which are no rubbish', async () => {
      await bring(printed);
      await logs.pack();

      const [head] = await heads();
      const hashes = [head?.sha256 ?? '', 'f'.repeat(64)];
      assert.deepEqual([...(await logs.reader.objectsInUse(hashes))], [head?.sha256]);
    });

    it('stay in chunks while the objects are away, and are packed later', async () => {
      await bring(printed);
      mkdirSync(logs.objectsDir, { recursive: true });
      rmSync(join(logs.objectsDir, 'uploads'), { recursive: true, force: true });
      writeFileSync(join(logs.objectsDir, 'uploads'), 'in the way');
      await logs.pack();
      assert.match(logs.warnings.join(), /log 7 was not packed, and will be tried again: .*EEXIST/);
      assert.deepEqual(await readAll(logs.reader), printed);

      rmSync(join(logs.objectsDir, 'uploads'));
      await rows(`update log_head set claimed_at = now() - interval '1 day'`);
      await logs.pack();

      assert.ok((await heads())[0]?.sha256);
      assert.deepEqual(await readAll(logs.reader), printed);
    });

    it('say how long they are when their object is gone, and that it is', async () => {
      await bring(printed);
      await logs.pack();
      rmSync(logs.objectPath(await logs.objectOf(log.id)));

      assert.equal((await logs.reader.extent(log)).lines, 100_000);
      await assert.rejects(logs.reader.lines(log, 10, 1), { name: 'ObjectMissingError' });
    });

    it('go on being read by who began before they were packed', async () => {
      await bring(printed);
      const reading = logs.reader.read(log);
      const pieces = [(await reading.next()).value ?? Buffer.of()];

      await logs.pack();
      await rows('truncate log_chunk');
      for await (const bytes of reading) pieces.push(bytes);

      assert.deepEqual(Buffer.concat(pieces), printed);
    });
  });

  describe('that are dropped', () => {
    it('leave nothing, and another engine finds that out', async () => {
      await logs.append(0, Buffer.from('abc'));
      await logs.restart();
      await logs.append(3, Buffer.from('def'));

      await logs.drop(log.id);

      assert.equal((await heads()).length, 0);
      assert.equal((await logs.chunks()).length, 0);
      await logs.restart();
      assert.equal(await logs.position(), 0);
    });
  });

  it('that two engines write at once are whole', async function () {
    this.timeout(60_000);
    const send = async (engine: PostgresKeeper): Promise<void> => {
      const capBytes = 1_000_000_000;
      for (let at = 0; at < printed.length;) {
        const bytes = printed.subarray(at, at + 20_000 + (at % 777));
        const answer = await engine.append(log, at, bytes, { afterCut: false, capBytes });
        at = answer.offset;
      }
    };

    await Promise.all(logs.engines.map(({ keeper }) => send(keeper)));
    const [one, other] = await Promise.all(
      logs.engines.map(({ keeper }) => keeper.finish(log, endOf(printed), 1_000_000_000)),
    );

    assert.deepEqual(one, { t: 'kept', lines: 100_000 });
    assert.deepEqual(other, one);
    assert.deepEqual(await readAll(logs.reader), printed);
  });

  it('that different bytes came of by two engines are those of one of them', async function () {
    this.timeout(60_000);
    const texts = ['a', 'b'].map((letter) => Buffer.alloc(1_000_000, `${letter.repeat(70)}\n`));
    const ends: number[] = [0, 0];
    const sending = logs.engines.map(async ({ keeper }, who) => {
      const text = texts[who] ?? Buffer.of();
      for (let at = 0; at < text.length; at += 10_000) {
        const bytes = text.subarray(at, at + 10_000);
        const answer = await keeper.append(log, at, bytes, { afterCut: false, capBytes: 9e9 });
        ends[who] = answer.offset;
      }
    });
    await Promise.all(sending);

    const stored = await readAll(logs.reader);
    assert.equal(stored.length, 1_000_000);
    assert.deepEqual(ends, [1_000_000, 1_000_000]);
    const answer = await logs.finish(endOf(texts[0] ?? Buffer.of()));
    const isFirst = stored.equals(texts[0] ?? Buffer.of());
    assert.equal(answer.t, isFirst ? 'kept' : 'rewind');
  });

  describe('while the server is away', () => {
    it('are acknowledged when it is back', async function () {
      this.timeout(60_000);
      await logs.appendAll(0, printed.subarray(0, 300_000));
      await database().server.kill();
      const waiting = logs.append(300_000, printed.subarray(300_000));
      const first = await Promise.race([waiting, sleep(300, 'nobody answered yet')]);
      assert.equal(first, 'nobody answered yet');

      await database().server.start();
      const answer = await waiting;

      // The crash may have taken what was acknowledged: then it is asked for again.
      await logs.appendAll(answer.offset, printed.subarray(answer.offset));
      assert.equal((await logs.finish(endOf(printed))).t, 'kept');
      assert.deepEqual(await readAll(logs.reader), printed);
    });

    it('are asked for again after a crash that took them, whatever the engine remembers', async () => {
      await logs.append(0, printed.subarray(0, 10_000));
      const [before] = await rows<{ stamp: string }>('select stamp from log_head');
      await logs.append(10_000, printed.subarray(10_000, 20_000));
      // As the server is after it: the last commit never was.
      await rows(`update log_head set stamp = '${before?.stamp}'`);
      await rows('delete from log_chunk where start >= 10000');

      const answer = await logs.append(20_000, printed.subarray(20_000, 30_000));

      assert.deepEqual(answer, { t: 'rewind', offset: 10_000 });
      assert.deepEqual(await readAll(logs.reader), printed.subarray(0, 10_000));
    });

    it('say that the store is away when it stays so', async function () {
      this.timeout(60_000);
      await using connection = new LogConnection(database().url);
      const keeper = new PostgresKeeper({
        connection,
        ensureDay: (day) => logs.days.ensure(day),
        onFinished: () => {},
        patienceMs: 200,
      });
      await database().server.kill();
      try {
        await assert.rejects(keeper.position(log, 1_000), {
          name: 'StoreAwayError',
          code: 'store-away',
        });
      } finally {
        await database().server.start();
      }
      assert.equal(await keeper.position(log, 1_000), 0);
    });
  });

  it('do not suffer from another one that can not be stored', async () => {
    const mend = await logs.breakLog(small.id, '22000');

    const waiting = [
      logs.append(0, Buffer.from('bad'), false, small),
      logs.append(0, Buffer.from('good')),
    ];

    assert.deepEqual(
      (await Promise.allSettled(waiting)).map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
    await mend();
    assert.equal(String(await readAll(logs.reader)), 'good');
  });

  it('say that the disk is full, and go on when it is not', async () => {
    await clearLogs(database());
    const place = placeOf(database().url, temporaryFolder());
    await using sink = await openLogSink(place);
    const mend = await logs.fillDisk(log.id);
    await assert.rejects(sink.append(log, 0, Buffer.from('abc'), false), { code: 'disk-full' });
    await mend();

    assert.deepEqual(await sink.append(log, 0, Buffer.from('abc'), false), {
      t: 'stored',
      offset: 3,
    });
    removeFolder(place.dir);
  });

  it('tell every process that they grew', async () => {
    const place = placeOf(database().url, temporaryFolder());
    const heard = new EventTarget();
    await using _hearing = await hearLogGrowth(place, (grown) =>
      heard.dispatchEvent(new CustomEvent('grew', { detail: [...grown] })),
    );
    await using sink = await openLogSink(place);
    const growth = on(heard, 'grew');

    await sink.append(log, 0, Buffer.from('abc'), false);
    const { value } = (await growth.next()) as { value: CustomEvent<[number, number][]>[] };

    assert.deepEqual(value[0]?.detail, [[log.id, 3]]);
    removeFolder(place.dir);
  });

  it('that a farm wrote before it moved there are read where they are', async () => {
    const dir = temporaryFolder();
    {
      await using files = await openLogSink(placeOf('weir.sqlite', dir));
      await files.append(log, 0, Buffer.from('old\n'), false);
    }
    await using reader = await openReaderOf(placeOf(database().url, dir));

    assert.equal(String(await readAll(reader)), 'old\n');
    removeFolder(dir);
  });

  it('that were cut keep their place of the cut when they are packed', async () => {
    logs.capBytes = 300_000;
    const ranges = rangesOf(printed.length, logs.capBytes);
    await logs.appendAll(0, printed);
    await logs.finish(endOf(printed, ranges));
    await logs.pack();

    const extent = await logs.reader.extent(log);
    assert.deepEqual(extent.ranges, ranges);
    assert.deepEqual(await readAll(logs.reader), keptOf(printed, ranges));
  });
});
