import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { bringBackFutureTimes } from '../../src/store/future-times.ts';

const hour = 3_600_000;
const now = 10_000 * hour;
const inAYear = now + 8_760 * hour;

describe('a clock that was a year ahead', () => {
  it('keeps nothing waiting for a year', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-store-'));
    await using disposing = new AsyncDisposableStack();
    disposing.defer(() => rmSync(dir, { recursive: true }));
    const store = disposing.use(await openTestStore(join(dir, 'weir.sqlite')));
    await store.unit(async (db) => {
      await sql`
        insert into builder (id, name, kind, upstream, trunk, project, platform, tier, place, active,
          next_number, verdict)
        values (1, 'lang/main/here', 'runtime', 'lang', 'main', null, 'here', 2, 0, 1, 1, 'unknown')`.execute(
        db,
      );
      for (const notBefore of [inAYear, now + 1_000]) {
        await sql`
          insert into request (builder_id, state, reason, reason_text, requested_by, upstream_commit,
            upstream_position, created_at, attempts, declined_json, not_before)
          values (1, 'waiting', 'trunk', '', 'engine', 'c', 1, ${now}, 1, '[]', ${notBefore})`.execute(
          db,
        );
      }
    });

    await store.unit((db) => bringBackFutureTimes(db, now));

    const rows = await store.read
      .selectFrom('request')
      .select('not_before')
      .orderBy('id')
      .execute();
    assert.deepEqual(
      rows.map((row) => (row.not_before ?? 0) - now),
      [hour / 12, 1_000],
    );
  });
});
