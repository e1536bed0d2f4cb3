import type { WorkerFacts } from '@weir/model';
import type { Kysely } from 'kysely';
import type { Database } from '../store/schema.ts';
import type { WorkerRow } from '../store/workers.ts';
import { acceptedWorkers, quarantineOf } from '../store/workers.ts';

const none: ReadonlySet<string> = new Set();

/** The workers that are connected to other engines, as far as it matters whether one of them may take a request. */
export async function workersElsewhere(
  db: Kysely<Database>,
  engine: number,
): Promise<WorkerFacts[]> {
  const rows = await acceptedWorkers(db);
  return rows.filter((row) => row.online === 1 && row.engine !== engine).map(toFacts);
}

function toFacts(row: WorkerRow): WorkerFacts {
  const { paused_by: by, paused_reason: reason } = row;
  const byOwner = row.resting ?? row.owner_paused_reason;
  const byAdmin = by === null ? null : { by, reason: reason ?? '' };
  return {
    id: row.id,
    name: row.name,
    online: true,
    labels: new Set(
      [row.labels_json, row.granted_json].flatMap((json) => JSON.parse(json) as string[]),
    ),
    slots: row.slots,
    // Its own engine gives it builds.
    free: 0,
    trust: row.trust,
    isProbeable: row.probeable === 1,
    paused: byOwner === null ? byAdmin : { by: 'its owner', reason: byOwner },
    quarantined: quarantineOf(row),
    diskFull: row.disk_full === 1,
    hasArtifacts: row.has_artifacts === 1,
    kept: none,
    failed: none,
  };
}
