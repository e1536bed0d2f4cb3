import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CompiledQuery, Kysely } from 'kysely';
import { after, before, describe, it } from 'mocha';
import pg from 'pg';
import { startAnyPostgres } from '../../../../test/support/servers.ts';
import type { AnyPostgres } from '../../../../test/support/servers.ts';
import { createDatabase } from '../../../../test/support/test-store.ts';
import { readLogFiles } from '../../src/builds/logs/log-files.ts';
import type { LogReader } from '../../src/builds/logs/reader.ts';
import { ObjectFiles } from '../../src/builds/objects/object-files.ts';
import { ResolvedTexts } from '../../src/builds/objects/resolved-texts.ts';
import { TestLists } from '../../src/builds/objects/test-lists.ts';
import { StoreDialect } from '../../src/store/postgres/postgres-dialect.ts';
import { openReaderPool } from '../../src/store/postgres/reader-pool.ts';
import type { Database } from '../../src/store/schema.ts';
import { addBuilds, history, reads } from '../web/read/reads.ts';
import { startSmallFarm } from '../web/small-farm.ts';
import type { SmallFarm } from '../web/small-farm.ts';
import { addHistory, largeFarmText } from './large-farm.ts';

/** More than the largest page that a query may look through, and much less than there is. */
const mostRows = 5_000;

/** A node of a plan: https://www.postgresql.org/docs/current/using-explain.html */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

describe('no query scans history on PostgreSQL', function () {
  this.timeout(60_000);
  let server: AnyPostgres;
  let farm: SmallFarm;
  let db: Kysely<Database>;
  let logs: LogReader;
  let dir: string;
  const asked: CompiledQuery[] = [];

  before(async function () {
    server = await startAnyPostgres(this);
    const database = await createDatabase(server.url('postgres'), 'large_farm');
    farm = await startSmallFarm({}, largeFarmText, { database });
    await addBuilds(farm);
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    await addHistory(client);
    await client.end();
    dir = mkdtempSync(join(tmpdir(), 'weir-plans-'));
    logs = readLogFiles(dir);
    db = new Kysely({
      dialect: new StoreDialect(openReaderPool(database)),
      log: ({ query }) => void asked.push(query),
    });
  });
  after(async () => {
    await db?.destroy();
    logs?.[Symbol.dispose]();
    await farm?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    if (dir !== undefined) rmSync(dir, { recursive: true });
  });

  for (const [name, read] of Object.entries(reads)) {
    it(name, async () => {
      const objects = new ObjectFiles(join(dirname(farm.storePath), 'objects'));
      const tests = new TestLists(objects);
      const resolved = new ResolvedTexts(objects);
      asked.length = 0;

      await read({ db, facts: farm.facts, logs, tests, resolved });

      const queries = asked.slice();
      assert.ok(queries.length > 0);
      for (const query of queries) await assertBounded(query);
    });
  }

  it('knows a scan when it sees one', async () => {
    const query = db.selectFrom('build').select('id').where('text', '=', 'x').compile();

    await assert.rejects(assertBounded(query), /Seq Scan of build/);
  });

  async function assertBounded({ sql, parameters }: CompiledQuery): Promise<void> {
    const explain = CompiledQuery.raw(`explain (analyze, timing off, format json) ${sql}`, [
      ...parameters,
    ]);
    const { rows } = await db.executeQuery<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(explain);
    for (const node of nodesOf(rows[0]?.['QUERY PLAN'][0].Plan)) {
      const table = node['Relation Name'] ?? '';
      if (!history.includes(table)) continue;
      const what = `${node['Node Type']} of ${table} ${node['Index Name'] ?? ''}`;
      const rows = rowsOf(node);
      const isScan = node['Node Type'] === 'Seq Scan' || rows > mostRows;
      assert.ok(!isScan, `${rows} rows by ${what}: ${sql.slice(0, 1_000)}`);
    }
  }
});

function* nodesOf(node: PlanNode | undefined): Generator<PlanNode> {
  if (node === undefined) return;
  yield node;
  for (const child of node.Plans ?? []) yield* nodesOf(child);
}

/** That were looked at. */
function rowsOf(node: PlanNode): number {
  const removed =
    (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return (node['Actual Rows'] + removed) * node['Actual Loops'];
}
