import { whyPending } from '@weir/model';
import type { ApiBranch, Wait } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { FarmRules } from '../../command.ts';
import type { Database } from '../../store/schema.ts';
import type { BranchTable } from '../../store/schema/change.ts';

type BranchRow = Selectable<BranchTable>;

/** The newest changes looked at for why a branch waits; more of them change no answer. */
const maxPending = 200;

/** The followed branches, trunks first, each group by name. */
export async function listBranches(
  db: Kysely<Database>,
  rules: FarmRules,
  now: number,
): Promise<ApiBranch[]> {
  const rows = await db
    .selectFrom('branch')
    .selectAll()
    .where('active', '=', 1)
    .orderBy('kind', 'desc')
    .orderBy('name')
    .execute();
  return Promise.all(rows.map((row) => toBranch(db, rules, row, now)));
}

async function toBranch(
  db: Kysely<Database>,
  rules: FarmRules,
  row: BranchRow,
  now: number,
): Promise<ApiBranch> {
  return {
    name: row.name,
    kind: row.kind,
    repository: withoutPassword(row.repository),
    ref: row.ref,
    state: row.state,
    head: row.head,
    rewrittenAt: row.rewritten_at,
    error: row.error,
    polledAt: row.polled_at,
    pending: await pendingOf(db, rules, row, now),
  };
}

async function pendingOf(
  db: Kysely<Database>,
  rules: FarmRules,
  row: BranchRow,
  now: number,
): Promise<Wait | null> {
  const timer = rules.timers.get(row.name);
  if (timer === undefined || row.scheduled_position >= row.position) return null;
  const changes = await db
    .selectFrom('change')
    .select(['position', 'seen_at as seenAt'])
    .where('branch_id', '=', row.id)
    .where('position', '>', row.scheduled_position)
    .orderBy('position', 'desc')
    .limit(maxPending)
    .execute();
  return whyPending({ name: row.name, changes, timer }, now);
}

// A farm file may hold credentials in a URL; everybody may read the API.
function withoutPassword(repository: string): string {
  return repository.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');
}
