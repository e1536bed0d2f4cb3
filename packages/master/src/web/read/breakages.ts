import type { SuspectSide } from '@weir/model';
import { suspectSides, trunkName } from '@weir/model';
import type { ApiBreakage, ApiBreakageSummary, ApiSuspect, BreakageState } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { spanOf } from '../../blame/span-of.ts';
import { branchByName } from '../../store/branches.ts';
import type { BreakageRow, MemberRow } from '../../store/breakages.ts';
import { breakageById, isOpenBreakage, membersOf } from '../../store/breakages.ts';
import type { Database } from '../../store/schema.ts';
import { readChangesBetween } from './changes.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, toPage } from './page.ts';

const maxChanges = 50;

export interface BreakageFilter {
  readonly state?: BreakageState | undefined;
}

/** Breakages, newest first. */
export async function listBreakages(
  db: Kysely<Database>,
  ask: PageAsk & BreakageFilter,
): Promise<Page<ApiBreakageSummary>> {
  const after = decodeCursor(ask.cursor, ['number']);
  let query = db
    .selectFrom('breakage')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(ask.limit + 1);
  if (after) query = query.where('id', '<', after[0]);
  if (ask.state === 'open') query = query.where(isOpenBreakage);
  if (ask.state === 'closed') query = query.where('state', '=', 'closed');
  const page = toPage(await query.execute(), ask.limit, (row) => [row.id]);
  return { items: await toSummaries(db, page.items), next: page.next };
}

export async function readBreakage(
  db: Kysely<Database>,
  id: number,
): Promise<ApiBreakage | undefined> {
  const row = await breakageById(db, id);
  if (row === undefined) return undefined;
  const members = await membersOf(db, [id]);
  const sides = suspectSides(members.map(spanOf));
  const suspects = await Promise.all(sides.map((side) => toSuspect(db, side)));
  return { ...toSummary(row, members), shows: members.map(toShown), suspects };
}

async function toSummaries(
  db: Kysely<Database>,
  rows: readonly BreakageRow[],
): Promise<ApiBreakageSummary[]> {
  const members = await membersOf(
    db,
    rows.map(({ id }) => id),
  );
  const byBreakage = Map.groupBy(members, ({ breakage_id }) => breakage_id);
  return rows.map((row) => toSummary(row, byBreakage.get(row.id) ?? []));
}

function toSummary(row: BreakageRow, members: readonly MemberRow[]): ApiBreakageSummary {
  const trunks = trunksOf(members);
  return {
    id: row.id,
    state: row.state,
    title: row.title,
    trunk: trunks[0] ?? row.trunk,
    trunks,
    project: row.project,
    moved: row.moved,
    openedAt: row.opened_at,
    closedAt: row.closed_at,
    builders: members.map(({ builder }) => builder),
    acknowledged: acknowledgementOf(row),
  };
}

/** Of those that show it still, else of all. */
function trunksOf(members: readonly MemberRow[]): string[] {
  const open = members.filter(({ closed_at: closedAt }) => closedAt === null);
  const shown = open.length > 0 ? open : members;
  return [...new Set(shown.map(({ upstream, trunk }) => trunkName(upstream, trunk)))];
}

function acknowledgementOf(row: BreakageRow): ApiBreakageSummary['acknowledged'] {
  const { acknowledged_by: by, acknowledged_at: at, acknowledged_until: until } = row;
  if (by === null || at === null || until === null) return null;
  return { by, at, until, reason: row.acknowledged_reason ?? '' };
}

function toShown(member: MemberRow): ApiBreakage['shows'][number] {
  return {
    builder: member.builder,
    platform: member.platform,
    project: member.project,
    step: member.step,
    finding: member.finding,
    greenBuild: member.green_build_id,
    redBuild: member.red_build_id,
    confirmBuild: member.confirm_build_id,
    fixedBuild: member.fixed_build_id,
    openedAt: member.opened_at,
    closedAt: member.closed_at,
  };
}

async function toSuspect(db: Kysely<Database>, side: SuspectSide): Promise<ApiSuspect> {
  const { branch, green, red } = side;
  const reach = { after: green, upTo: red, limit: maxChanges };
  return {
    branch,
    green: await commitAt(db, branch, green),
    red: await commitAt(db, branch, red),
    count: red - green,
    changes: await readChangesBetween(db, branch, reach),
  };
}

async function commitAt(db: Kysely<Database>, branch: string, position: number): Promise<string> {
  const row = await branchByName(db, branch);
  const change =
    row &&
    (await db
      .selectFrom('change')
      .select('commit_hash')
      .where('branch_id', '=', row.id)
      .where('position', '=', position)
      .executeTakeFirst());
  return change?.commit_hash ?? '';
}
