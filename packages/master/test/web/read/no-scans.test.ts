import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { CompiledQuery } from 'kysely';
import { Kysely, SqliteDialect } from 'kysely';
import { after, before, describe, it } from 'mocha';
import { onlyOnSqlite } from '../../../../../test/support/test-store.ts';
import { readLogFiles } from '../../../src/builds/logs/log-files.ts';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import { ObjectFiles } from '../../../src/builds/objects/object-files.ts';
import { ResolvedTexts } from '../../../src/builds/objects/resolved-texts.ts';
import { TestLists } from '../../../src/builds/objects/test-lists.ts';
import type { Database } from '../../../src/store/schema.ts';
import { openReaderDatabase, toSqliteDatabase } from '../../../src/store/sqlite.ts';
import { startSmallFarm } from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';
import { addBuilds, addMoreBuilds, history, reads } from './reads.ts';

/** Indexes that hold only what waits or runs. */
const smallIndexes = ['notice_gathering', 'delivery_waiting', 'request_waiting', 'build_running'];

describe('no read of history', () => {
  let farm: SmallFarm;
  let db: Kysely<Database>;
  let raw: DatabaseSync;
  let logs: LogReader;
  let tests: TestLists;
  let resolved: ResolvedTexts;
  let dir: string;
  const asked: CompiledQuery[] = [];

  before(async function () {
    onlyOnSqlite(this);
    farm = await startSmallFarm();
    dir = mkdtempSync(join(tmpdir(), 'weir-scans-'));
    await addBuilds(farm);
    raw = openReaderDatabase(farm.storePath);
    logs = readLogFiles(dir);
    const objects = new ObjectFiles(join(dirname(farm.storePath), 'objects'));
    tests = new TestLists(objects);
    resolved = new ResolvedTexts(objects);
    db = new Kysely({
      dialect: new SqliteDialect({ database: toSqliteDatabase(raw) }),
      log(event) {
        asked.push(event.query);
      },
    });
  });
  after(async () => {
    logs?.[Symbol.dispose]();
    await db?.destroy();
    await farm?.[Symbol.asyncDispose]();
    if (dir !== undefined) rmSync(dir, { recursive: true });
  });

  for (const [name, read] of Object.entries(reads)) {
    it(`scans it: ${name}`, async () => {
      asked.length = 0;

      await read({ db, facts: farm.facts, logs, tests, resolved });

      assert.ok(asked.length > 0);
      for (const query of asked) assertBounded(query);
    });
  }

  it('asks the store more often for having more builds', async () => {
    const before = await countsOf();
    await addMoreBuilds(farm);

    const counts = await countsOf();

    const grown = Object.keys(counts).filter((name) => counts[name] !== before[name]);
    assert.deepEqual(grown, []);
  });

  it('knows a scan when it sees one', async () => {
    asked.length = 0;

    await db.selectFrom('build').selectAll().where('text', '=', 'x').execute();

    const [query] = asked;
    assert.throws(() => query && assertBounded(query), /SCAN build/);
  });

  async function countsOf(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const [name, read] of Object.entries(reads)) {
      asked.length = 0;
      await read({ db, facts: farm.facts, logs, tests, resolved });
      counts[name] = asked.length;
    }
    return counts;
  }

  function assertBounded({ sql, parameters }: CompiledQuery): void {
    const plan = raw.prepare(`explain query plan ${sql}`).all(...(parameters as string[]));
    for (const { detail } of plan as { detail: string }[]) {
      const [, table = '', index = ''] = /^SCAN (\w+)(?:.* INDEX (\w+))?/.exec(detail) ?? [];
      const isNewestFew = /order by "(\w+"\.")?(id|number)" (desc|asc) limit \?$/.test(sql);
      const isSmall = !history.includes(table) || smallIndexes.includes(index) || isNewestFew;
      assert.ok(isSmall, `${detail}: ${sql}`);
    }
  }
});
