import { agreementsNeeded, maskedAddress } from '@weir/model';
import type { ApiWorker, EnrolmentState } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import type { Database } from '../../store/schema.ts';
import type { WorkerRow } from '../../store/workers.ts';
import { workerByName } from '../../store/workers.ts';
import type { Viewer } from './notices.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, toPage } from './page.ts';
import { pauseOf } from './pause.ts';
import { openSummaries } from './summaries.ts';

export interface WorkerFilter {
  readonly state?: EnrolmentState | undefined;
}

const visitor: Viewer = { isVisitor: true };

/** Workers by name; to a visitor their owners' addresses are masked. */
export async function listWorkers(
  db: Kysely<Database>,
  rules: FarmRules,
  ask: PageAsk & WorkerFilter,
  viewer: Viewer = visitor,
): Promise<Page<ApiWorker>> {
  const after = decodeCursor(ask.cursor, ['string']);
  let query = db
    .selectFrom('worker')
    .selectAll()
    .orderBy('name')
    .limit(ask.limit + 1);
  if (after) query = query.where('name', '>', after[0]);
  if (ask.state !== undefined) query = query.where('state', '=', ask.state);
  const page = toPage(await query.execute(), ask.limit, (row) => [row.name]);
  return { items: await toWorkers(db, rules, page.items, viewer), next: page.next };
}

export async function readWorker(
  db: Kysely<Database>,
  rules: FarmRules,
  name: string,
  viewer: Viewer = visitor,
): Promise<ApiWorker | undefined> {
  const row = await workerByName(db, name);
  if (row === undefined) return undefined;
  const [worker] = await toWorkers(db, rules, [row], viewer);
  return worker;
}

async function toWorkers(
  db: Kysely<Database>,
  { isEngineAlive }: FarmRules,
  rows: readonly WorkerRow[],
  { isVisitor }: Viewer,
): Promise<ApiWorker[]> {
  const ids = rows.map((row) => row.id);
  const open = await openSummaries(db, 'worker_id', ids);
  const running = Map.groupBy(open, (build) => build.worker);
  return rows.map((row) => ({
    name: row.name,
    state: row.state,
    fingerprint: row.fingerprint,
    owner: isVisitor ? maskedAddress(row.owner) : row.owner,
    trust: row.trust,
    labels: JSON.parse(row.labels_json) as string[],
    grantedLabels: JSON.parse(row.granted_json) as string[],
    slots: row.slots,
    running: running.get(row.name) ?? [],
    online: row.online === 1 && isEngineAlive,
    heardAt: row.heard_at,
    askedAt: row.asked_at,
    agent: row.agent,
    sandbox:
      row.sandbox_json === null ? null : (JSON.parse(row.sandbox_json) as ApiWorker['sandbox']),
    facts: JSON.parse(row.facts_json) as Record<string, string>,
    probation: probationOf(row),
    paused: pauseOf(row),
    ownerPaused:
      row.owner_paused_at === null
        ? null
        : { at: row.owner_paused_at, reason: row.owner_paused_reason ?? '' },
    resting: row.resting,
    leftAt: row.left_at,
    missingSince: row.missing_at,
    diskFull: row.disk_full === 1,
    quarantine: quarantineOf(row),
    clockSkewMs: row.clock_skew_ms,
    duplicateAt: row.duplicate_at,
    refused: row.refused_at === null ? null : { at: row.refused_at, text: row.refused_text ?? '' },
  }));
}

function quarantineOf(row: WorkerRow): ApiWorker['quarantine'] {
  const { quarantined_at: since, quarantined_until: until, strikes } = row;
  return since === null ? null : { since, until, strikes, reason: row.quarantine_reason ?? '' };
}

function probationOf(row: WorkerRow): ApiWorker['probation'] {
  if (row.state !== 'accepted' || row.trust !== 'probation') return null;
  return {
    agreed: row.probation_agreed,
    needed: agreementsNeeded,
    disagreed: row.probation_disagreed,
    notBefore: row.probation_not_before,
    isProbeable: row.probeable === 1,
  };
}
