import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { SmallDisk } from '../../../../../test/chaos/machine.ts';
import { needs } from '../../../../../test/support/needs.ts';
import { readLogFiles } from '../../../src/builds/logs/log-files.ts';
import { openLogWriter } from '../../../src/builds/logs/log-writer.ts';
import type { LogWriter } from '../../../src/builds/logs/log-writer.ts';
import { makeBackup } from '../../../src/store/backup/make-backup.ts';
import { BadBackupError } from '../../../src/store/backup/manifest.ts';
import { restoreBackup } from '../../../src/store/backup/restore-backup.ts';
import { insertSteps } from '../../../src/store/builds.ts';
import { eventBounds, eventsAfter, recordEvents } from '../../../src/store/events.ts';
import { finishLog, insertLogs } from '../../../src/store/logs.ts';
import { insertResolved } from '../../../src/store/resolved.ts';
import { openStore } from '../../../src/store/store.ts';
import type { Store } from '../../../src/store/store.ts';
import { endOf, readAll } from '../../builds/logs/support.ts';

const event = { at: 1, kind: 'a.b', actor: 'test', subject: 'farm', data: {} };

describe('a backup', () => {
  let dir: string;
  let dataDir: string;
  let folder: string;
  let store: Store;
  let logs: LogWriter;
  let builds = 0;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-backup-'));
    [dataDir, folder] = [join(dir, 'data'), join(dir, 'backup')];
    mkdirSync(dataDir);
    store = await openStore(join(dataDir, 'weir.sqlite'));
    logs = await openLogWriter(join(dataDir, 'logs'));
    writeFileSync(join(dataDir, 'farm-key.pem'), 'the key\n');
  });
  afterEach(async () => {
    await logs[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  /** One log from beginning to end, as a build has it: the log first, then the fact. */
  async function writeLog(bytes: Uint8Array, file = '2026-w47'): Promise<number> {
    const end = endOf(bytes);
    const build = (builds += 1);
    const [id = 0] = await store.unit((db) => insertLogs(db, build, { steps: 1, file }));
    // A copy: it is handed over.
    await logs.append({ id, file }, 0, new Uint8Array(bytes), false);
    const answer = await logs.finish({ id, file }, end);
    assert.equal(answer.t, 'kept');
    await store.unit((db) => finishLog(db, id, { ...end, lines: 1 }));
    return id;
  }

  it('holds every log that its facts tell of, whatever happens while it is made', async () => {
    let isOver = false;
    async function writeOn(): Promise<void> {
      while (!isOver) await writeLog(randomBytes(1 + Math.floor(Math.random() * 150_000)));
    }
    const writing = Promise.all([writeOn(), writeOn(), writeOn()]);

    for (const round of [1, 2, 3]) {
      await makeBackup({ dataDir, folder: `${folder}-${round}` });
      await assertLogsWhole(`${folder}-${round}`);
    }

    isOver = true;
    await writing;
  });

  /** Each finished log has the bytes that the facts say, and there is none that they don't know. */
  async function assertLogsWhole(data: string): Promise<void> {
    using facts = new DatabaseSync(join(data, 'weir.sqlite'));
    using reader = readLogFiles(join(data, 'logs'));
    const rows = facts.prepare('select id, file, sha256, finished from log').all();
    for (const { id, file, sha256, finished } of rows) {
      if (finished === 0) continue;
      const bytes = await readAll(reader, { id: Number(id), file: String(file) });
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256, `log ${String(id)}`);
    }
    const newest = Math.max(0, ...rows.map(({ id }) => Number(id)));
    const file = join(data, 'logs', '2026-w47.sqlite');
    if (!existsSync(file)) return;
    using chunks = new DatabaseSync(file);
    const more = chunks.prepare('select count(*) as n from chunk where log_id > ?').get(newest);
    assert.equal(more?.['n'], 0);
  }

  it('is whole again after it was restored', async () => {
    const texts = ['small\n', 'large\n'.repeat(50_000)].map((text) => Buffer.from(text));
    const ids = await Promise.all(texts.map((text) => writeLog(text)));
    await store.unit((db) => recordEvents(db, [event]));
    const restored = join(dir, 'restored');

    const made = await makeBackup({ dataDir, folder });
    const manifest = await restoreBackup({ backup: folder, dataDir: restored });

    assert.deepEqual(manifest, made);
    assert.equal(manifest.logs, 2);
    assert.equal(readFileSync(join(restored, 'farm-key.pem'), 'utf8'), 'the key\n');
    using reader = readLogFiles(join(restored, 'logs'));
    for (const [index, id] of ids.entries()) {
      assert.deepEqual(await readAll(reader, { id, file: '2026-w47' }), texts[index]);
    }
  });

  it('holds the lists of tests that came and recorded dependencies, and no artifacts', async () => {
    const hashes = ['1', '2', '3', '4', '5'].map((text) => text.repeat(64));
    const [names, results, artifact, late, lock = ''] = hashes;
    const path = (sha256 = ''): string => join('objects', sha256.slice(0, 2), sha256);
    for (const sha256 of [names, results, artifact, lock]) {
      mkdirSync(join(dataDir, path(sha256), '..'), { recursive: true });
      writeFileSync(join(dataDir, path(sha256)), `of ${sha256}`);
    }
    await store.unit(async (db) => {
      await insertSteps(db, 1, [
        { name: 'test', run: 'true' },
        { name: 'more', run: 'true' },
      ]);
      await db
        .updateTable('step')
        .set({ tests_names: names ?? '', tests_results: results ?? '' })
        .where('step', '=', 0)
        .execute();
      await db
        .updateTable('step')
        .set({ tests_names: late ?? '' })
        .where('step', '=', 1)
        .execute();
    });
    const file = { path: 'lock', object: { sha256: lock, bytes: 67 }, text: '' };
    await store.unit((db) => insertResolved(db, { build: 1, step: 0 }, [file]));
    const restored = join(dir, 'restored');

    const { missingObjects } = await makeBackup({ dataDir, folder });
    await restoreBackup({ backup: folder, dataDir: restored });

    assert.equal(missingObjects, 1);
    for (const sha256 of [names, results, lock]) {
      assert.equal(readFileSync(join(restored, path(sha256)), 'utf8'), `of ${sha256}`);
    }
    assert.equal(existsSync(join(restored, path(artifact))), false);
  });

  it('goes on with numbers that were not given out meanwhile', async () => {
    await writeLog(Buffer.from('before\n'));
    await store.unit((db) => recordEvents(db, [event, event]));
    const restored = join(dir, 'restored');
    const manifest = await makeBackup({ dataDir, folder });
    await restoreBackup({ backup: folder, dataDir: restored });

    await using after = await openStore(join(restored, 'weir.sqlite'));

    assert.deepEqual((await eventBounds(after.read)).newest, 2_000_001);
    const [told] = await eventsAfter(after.read, 2, 10);
    assert.deepEqual([told?.number, told?.kind], [2_000_001, 'farm.restored']);
    assert.deepEqual(JSON.parse(told?.data_json ?? ''), { takenAt: manifest.takenAt });
    const ids = await after.unit((db) => insertLogs(db, 1_000_000, { steps: 2, file: '2026-w48' }));
    assert.deepEqual(ids, [2_000_001, 2_000_002]);
  });

  it('leaves a folder alone that is not empty, as does its return', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'letter.txt'), 'dear');

    await assert.rejects(makeBackup({ dataDir, folder }), /backup is not empty/);
    await makeBackup({ dataDir, folder: join(dir, 'good') });
    await assert.rejects(
      restoreBackup({ backup: join(dir, 'good'), dataDir }),
      /data is not empty/,
    );

    assert.deepEqual(readdirSync(folder), ['letter.txt']);
  });

  it('is of a farm', async () => {
    await assert.rejects(
      makeBackup({ dataDir: dir, folder }),
      /no data folder with a farm's facts: .*--data DIR.* on PostgreSQL, set WEIR_DATABASE_URL/,
    );

    assert.equal(existsSync(folder), false);
  });

  for (const [what, damage, words] of [
    ['came to no end', (path: string) => rmSync(join(path, 'backup.json')), /holds no backup/],
    ['lacks a file', (path: string) => rmSync(join(path, 'farm-key.pem')), /lacks farm-key.pem/],
    [
      'has a file that was changed',
      (path: string) => appendFileSync(join(path, 'logs', '2026-w47.sqlite'), '!'),
      /logs\/2026-w47.sqlite of the backup is damaged/,
    ],
    [
      'has another list of files',
      (path: string) => appendFileSync(join(path, 'SHA256SUMS'), `${'0'.repeat(64)}  ../../x\n`),
      /SHA256SUMS is damaged/,
    ],
  ] as const) {
    it(`that ${what} is refused, and nothing is left of it`, async () => {
      await writeLog(Buffer.from('a log\n'));
      await makeBackup({ dataDir, folder });
      damage(folder);
      const restored = join(dir, 'restored');

      await assert.rejects(restoreBackup({ backup: folder, dataDir: restored }), (error) => {
        assert.ok(error instanceof BadBackupError);
        assert.match(error.message, words);
        return true;
      });

      assert.deepEqual(existsSync(restored) ? readdirSync(restored) : [], []);
    });
  }

  it('that finds no room says so, and is none', async function () {
    needs(this, 'root');
    await writeLog(randomBytes(3_000_000));
    using disk = new SmallDisk(join(dir, 'disk'), 1_000_000);
    folder = join(disk.dir, 'backup');

    await assert.rejects(makeBackup({ dataDir, folder }), /full|ENOSPC|no space/);
    await assert.rejects(
      restoreBackup({ backup: folder, dataDir: join(dir, 'r') }),
      BadBackupError,
    );
  });
});
