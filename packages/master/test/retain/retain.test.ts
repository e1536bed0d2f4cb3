import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isOnPostgres, openTestStore } from '../../../../test/support/test-store.ts';
import { logFileOf } from '../../src/builds/logs/log-file.ts';
import { readLogFiles } from '../../src/builds/logs/log-files.ts';
import { openLogWriter } from '../../src/builds/logs/log-writer.ts';
import type { LogWriter } from '../../src/builds/logs/log-writer.ts';
import { objectsPlaceOf } from '../../src/builds/objects/objects-place.ts';
import { openObjects } from '../../src/builds/objects/open-objects.ts';
import type { Objects } from '../../src/builds/objects/open-objects.ts';
import { Retain } from '../../src/retain/retain.ts';
import { recordEvents } from '../../src/store/events.ts';
import { insertReader } from '../../src/store/readers.ts';
import { insertResolved, resolvedOf } from '../../src/store/resolved.ts';
import type { Store } from '../../src/store/store.ts';

const day = 86_400_000;
const now = 1_000 * day;

describe('retention', () => {
  let dir: string;
  let store: Store;
  let logs: LogWriter;
  let statements: string[];
  let objects: Objects;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-retain-'));
    statements = [];
    store = await openTestStore(join(dir, 'weir.sqlite'), {
      onStatement: (text) => statements.push(text),
    });
    logs = await openLogWriter(join(dir, 'logs'));
    objects = await openObjects(objectsPlaceOf(null, dir));
  });
  afterEach(async () => {
    await logs[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  const retain = (at = now): Retain =>
    new Retain({
      store,
      logs,
      logReader: readLogFiles(join(dir, 'logs')),
      ...objects,
      artifactsDropped: async () => {},
      now: () => at,
      log: { info: () => {}, warn: (text) => assert.fail(text) },
      rules: () => ({
        retention: {
          buildsMs: 365 * day,
          logsMs: 90 * day,
          artifactsMs: 30 * day,
          noticesMs: 365 * day,
        },
        eventRetentionMs: 30 * day,
      }),
      restMs: () => 0,
    });

  /** One builder whose builds began one a day, the newest today; each with a request, a step and a log. */
  async function history(builds: number): Promise<void> {
    await store.unit(async (db) => {
      await sql`
        insert into builder (id, name, kind, upstream, trunk, project, platform, tier, place, active,
          next_number, last_build_id, verdict, green_build_id)
        values (1, 'lang/main/here', 'runtime', 'lang', 'main', null, 'here', 2, 0, 1,
          ${builds + 1}, ${builds}, 'green', 1)`.execute(db);
      await sql`
        with recursive n(i) as (select 1 union all select i + 1 from n where i < ${builds})
        insert into request (id, builder_id, state, reason, reason_text, requested_by, upstream_commit,
          upstream_position, created_at, attempts, declined_json, result, finished_at)
        select i, 1, 'done', 'trunk', '', 'engine', 'c', 1, cast(${now} as bigint) - (${builds} - i) * cast(${day} as bigint), 0, '[]',
          'success', cast(${now} as bigint) - (${builds} - i) * cast(${day} as bigint) from n`.execute(
        db,
      );
      await sql`
        insert into build (id, builder_id, number, request_id, worker_id, state, attempt, epoch, boot,
          lease_until, journal_n, result, findings_json, text, environment_json, started_at, finished_at)
        select id, 1, id, id, 1, 'finished', 1, 1, 'b', 0, 4, 'success', '[]', '', '{}',
          created_at, created_at from request`.execute(db);
      await sql`
        insert into step (build_id, step, name, run, findings_json, text)
        select id, 0, 'test', 'true', '[]', '' from build`.execute(db);
      await sql`
        insert into log (id, build_id, step, file, finished)
        select id, id, 0, '1972-w39', 1 from build`.execute(db);
    });
  }

  const count = async (table: string): Promise<number> => {
    const { rows } = await sql<{
      n: number;
    }>`select count(*) as n from ${sql.table(table)}`.execute(store.read);
    return rows[0]?.n ?? -1;
  };

  it('drops old builds with all that is theirs, but for what a verdict goes back to', async () => {
    await history(500);

    const dropped = await retain().round();

    // 365 young ones, the one of 365 days, and the green one that the verdict names.
    assert.equal(await count('build'), 367);
    assert.deepEqual(
      [await count('request'), await count('step'), await count('log')],
      [367, 367, 367],
    );
    assert.equal(dropped.builds, 133);
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from log where dropped_at is not null`.execute(store.read);
    assert.equal(rows[0]?.n, 275, 'of the days 91 to 365 the logs went');
    assert.deepEqual(await retain().round(), {
      builds: 0,
      logs: 0,
      artifacts: 0,
      requests: 0,
      notices: 0,
      events: 0,
    });
  });

  it('is not held up by what began while the clock was ahead', async () => {
    await history(500);
    const ahead = now + 300 * day;
    await store.unit(async (db) => {
      await sql`update build set started_at = ${ahead}, finished_at = ${ahead} where id = 5`.execute(
        db,
      );
      await sql`update request set created_at = ${ahead}, finished_at = ${ahead} where id = 5`.execute(
        db,
      );
    });

    assert.equal((await retain().round()).builds, 132);
  });

  it('writes in small units, however much is old', async () => {
    await history(2_000);
    statements = [];

    await retain().round();

    const largest = Math.max(
      ...statements
        .join('\n')
        .split(/begin immediate|begin;/)
        .map((unit) => unit.split('\n').length),
    );
    assert.ok(largest < 20, `${largest} statements in one transaction`);
    const deletes = statements.filter((text) => text.startsWith('delete from "build"'));
    assert.ok(deletes.length >= 2_000 / 50 / 2, `${deletes.length} deletes`);
    assert.ok(deletes.every((text) => text.split('?').length <= 51));
  });

  it('drops the bytes of a log, whichever form they have', async () => {
    await history(200);
    const file = logFileOf(now);
    const address = { id: 1, file };
    const large = { id: 2, file };
    await store.unit(async (db) => {
      await sql`update log set file = ${file} where id in (1, 2)`.execute(db);
      await sql`update builder set green_build_id = null`.execute(db);
    });
    for (const [log, bytes] of [
      [address, Buffer.from('small\n')],
      [large, Buffer.from('line\n'.repeat(100_000))],
    ] as const) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const end = {
        bytes: bytes.length,
        ranges: [[0, bytes.length]] as [[number, number]],
        sha256,
      };
      for (let at = 0; at < bytes.length; at += 65_536) {
        await logs.append(log, at, new Uint8Array(bytes.subarray(at, at + 65_536)), false);
      }
      await logs.finish(log, end);
    }

    await retain().round();

    using reader = readLogFiles(join(dir, 'logs'));
    for (const log of [address, large]) assert.equal(await reader.size(log), 0);
  });

  it('keeps events that a reader has not read, however old', async () => {
    const event = { at: 1, kind: 'old.one', actor: 'engine', subject: 'farm', data: {} };
    await store.unit((db) => recordEvents(db, [event, event, event, event]));
    await store.unit((db) => insertReader(db, 'slow', 2));

    const { events } = await retain().round();

    assert.equal(events, 2);
    const { rows } = await sql<{ number: number }>`select number from event`.execute(store.read);
    assert.deepEqual(
      rows.map(({ number }) => number),
      [3, 4, 5],
      'the last one tells of the round',
    );
  });

  it('goes on by a day at most when the clock is suddenly a year ahead', async () => {
    const eventAt = (at: number) => ({
      at,
      kind: 'a.b',
      actor: 'engine',
      subject: 'farm',
      data: {},
    });
    const days = [20, 29.5, 10, 0].map((age) => eventAt(now - age * day));
    await retain().round();
    await store.unit((db) =>
      recordEvents(
        db,
        days.toSorted((a, b) => a.at - b.at),
      ),
    );

    const first = await retain(now + 365 * day).round();
    const second = await retain(now + 365 * day).round();

    assert.deepEqual([first.events, second.events], [1, 0]);
  });

  /** Objects with these names, which nobody has touched for long. */
  function addObjects(...starts: string[]): string[] {
    const names = starts.map((start) => start.padEnd(64, '0'));
    for (const name of names) {
      mkdirSync(join(dir, 'objects', name.slice(0, 2)), { recursive: true });
      writeFileSync(join(dir, 'objects', name.slice(0, 2), name), '');
      utimesSync(join(dir, 'objects', name.slice(0, 2), name), 1, 1);
    }
    return names;
  }

  it('keeps what dependencies came to as long as logs, and its hash as long as the build', async () => {
    await history(500);
    const names = addObjects('aa', 'bb');
    const files = names.map((sha256) => ({
      path: 'a.lock',
      object: { sha256, bytes: 0 },
      text: '',
    }));
    await store.unit(async (db) => {
      for (const [index, build] of [490, 350].entries()) {
        await insertResolved(db, { build, step: 0 }, files.slice(index, index + 1));
      }
    });

    await retain().round();

    assert.equal(readdirSync(join(dir, 'objects', 'aa')).length, 1);
    assert.equal(readdirSync(join(dir, 'objects', 'bb')).length, 0);
    const [young, old] = [await resolvedOf(store.read, 490), await resolvedOf(store.read, 350)];
    assert.equal(young[0]?.dropped_at, null);
    assert.equal(old[0]?.sha256, names[1]);
    assert.notEqual(old[0]?.dropped_at, null);
  });

  it('keeps the lists of tests as long as logs, and no others', async () => {
    await history(500);
    const names = addObjects('aa', 'bb', 'cc');
    const [a, b, c] = names;
    await store.unit(async (db) => {
      await sql`update step set tests_names = ${a}, tests_results = ${b} where build_id = 490`.execute(
        db,
      );
      await sql`update step set tests_names = ${c} where build_id = 350`.execute(db);
    });

    await retain().round();

    const kept = names.filter(
      (name) => readdirSync(join(dir, 'objects', name.slice(0, 2))).length > 0,
    );
    assert.deepEqual(kept, [a, b]);
  });

  it('thins out old artifacts, and removes what nothing refers to', async () => {
    await history(500);
    const sha = (n: number): string => n.toString(16).padStart(64, '0');
    await store.unit((db) =>
      sql`
        insert into artifact (id, sha256, bytes, unpacked_bytes, files, builder_id, commit_hash,
          position, build_id, worker_id, trust, made_at)
        select id, ${isOnPostgres ? sql`lpad(to_hex(id), 64, '0')` : sql`printf('%064x', id)`}, 1, 1, 1, 1, 'c', id, id, 1, 'trusted', started_at
        from build where id > 200`.execute(db),
    );
    const names = [sha(0xff), ...Array.from({ length: 300 }, (_, n) => sha(n + 201))];
    for (const name of names) {
      mkdirSync(join(dir, 'objects', name.slice(0, 2)), { recursive: true });
      writeFileSync(join(dir, 'objects', name.slice(0, 2), name), '');
      utimesSync(join(dir, 'objects', name.slice(0, 2), name), 1, 1);
    }

    const { artifacts } = await retain().round();
    await retain(now + 2 * day).round();

    const { rows } = await sql<{ id: number }>`
      select id from artifact where dropped_at is null order by id`.execute(store.read);
    const ids = rows.map(({ id }) => id);
    const young = ids.filter((id) => id > 472);
    assert.deepEqual([young.length, artifacts], [28, 300 - 30 - 26 - 1]);
    const old = ids.filter((id) => id <= 472);
    assert.ok(old.every((id) => id % (500 + 2 - id < 240 ? 8 : 64) === 0));
    assert.deepEqual(
      readdirSync(join(dir, 'objects', '00')),
      // What was dropped just now stays for a day: somebody may be fetching it.
      [...ids, 471].toSorted((a, b) => a - b).map((id) => sha(id)),
    );
  });
});
