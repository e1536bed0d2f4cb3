import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openLogSink } from '../../../src/builds/logs/open-logs.ts';
import type { CopiedLogs } from '../../../src/builds/logs/postgres/copy-logs.ts';
import { copyLogs } from '../../../src/builds/logs/postgres/copy-logs.ts';
import { openObjects } from '../../../src/builds/objects/open-objects.ts';
import type { Store } from '../../../src/store/store.ts';
import { openStore } from '../../../src/store/store.ts';
import {
  endOf,
  keptOf,
  log,
  numberedLines,
  rangesOf,
  readAll,
  removeFolder,
  temporaryFolder,
  Writer,
} from './support.ts';
import { clearLogs, givenDatabase, openReaderOf, placeOf } from './test-tables.ts';

const printed = numberedLines(100_000);
const ids = { packed: 1, small: 2, cut: 3, open: 4, empty: 5, damaged: 6 } as const;
const at = (id: number) => ({ id, file: log.file });

describe('logs that move to PostgreSQL', () => {
  const database = givenDatabase();
  let dir: string;
  let store: Store;

  beforeEach(async () => {
    await clearLogs(database());
    dir = temporaryFolder();
    store = await openStore(join(dir, 'weir.sqlite'));
    await store.unit(async (db) => {
      for (const id of Object.values(ids)) {
        const facts = { id, build_id: 1, step: id, file: log.file, finished: 0 };
        await db.insertInto('log').values(facts).execute();
      }
    });
    mkdirSync(join(dir, 'logs'));
    const writer = new Writer(join(dir, 'logs'), 300_000_000);
    writer.startPacking();
    await writer.appendAll(0, printed, at(ids.packed));
    await writer.finish(endOf(printed), at(ids.packed));
    await writer.packer.idle();
    writer.restart();
    await writer.append(0, Buffer.from('small\n'), false, at(ids.small));
    await writer.finish(endOf(Buffer.from('small\n')), at(ids.small));
    writer.capBytes = 300_000;
    await writer.appendAll(0, printed, at(ids.cut));
    await writer.finish(endOf(printed, rangesOf(printed.length, 300_000)), at(ids.cut));
    await writer.appendAll(0, printed.subarray(0, 200_000), at(ids.open));
    await writer.appendAll(0, printed.subarray(0, 200_000), at(ids.damaged));
    await writer.finish(endOf(printed.subarray(0, 200_000)), at(ids.damaged));
    writer.keeper.close();
    using file = new DatabaseSync(join(dir, 'logs', `${log.file}.sqlite`));
    file.exec(`delete from chunk where log_id = ${ids.damaged} and offset > 0`);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    removeFolder(dir);
  });

  async function copy(): Promise<CopiedLogs> {
    const { objectsPlace } = placeOf(database().url, dir);
    const { objects } = await openObjects(objectsPlace);
    return copyLogs({
      source: store.read,
      dir: join(dir, 'logs'),
      url: database().url,
      objects,
      uploadsDir: join(objectsPlace.dir, 'uploads'),
      progress: () => {},
    });
  }

  it('are the same there, whatever form they had', async () => {
    assert.deepEqual(await copy(), { logs: 4, objects: 2, damaged: [ids.damaged] });
    removeFolder(join(dir, 'logs'));

    await using reader = await openReaderOf(placeOf(database().url, dir));
    const kept = keptOf(printed, rangesOf(printed.length, 300_000));
    assert.deepEqual(await readAll(reader, at(ids.packed)), printed);
    assert.equal(String(await readAll(reader, at(ids.small))), 'small\n');
    assert.deepEqual(await readAll(reader, at(ids.cut)), kept);
    assert.deepEqual(await readAll(reader, at(ids.open)), printed.subarray(0, 200_000));
    assert.equal((await reader.extent(at(ids.open))).isFinished, false);
  });

  it('go on there, and are finished with the same answer', async () => {
    await copy();
    await using sink = await openLogSink(placeOf(database().url, dir));

    assert.equal(await sink.position(at(ids.open)), 200_000);
    await sink.append(at(ids.open), 200_000, printed.subarray(200_000), false);

    const answer = { t: 'kept', lines: 100_000 };
    assert.deepEqual(await sink.finish(at(ids.open), endOf(printed)), answer);
    assert.deepEqual(await sink.finish(at(ids.packed), endOf(printed)), answer);
  });

  it('are not moved twice', async () => {
    const first = await copy();

    assert.deepEqual(await copy(), first);
  });
});
