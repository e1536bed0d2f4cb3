import type { OpenBreakage } from '@weir/model';
import { breakageShownBy, breakageTitle, movedOfAll, trunkName } from '@weir/model';
import type { Finding } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { SuspicionRow } from '../store/breakages.ts';
import {
  describeBreakage,
  insertBreakage,
  membersOf,
  openBreakages,
  putMember,
} from '../store/breakages.ts';
import type { BuilderRow } from '../store/builders.ts';
import type { BuildRow } from '../store/builds.ts';
import type { NewEvent } from '../store/events.ts';
import type { Database } from '../store/schema.ts';
import { spanOf } from './span-of.ts';
import { requestOfBuild } from './standing.ts';

/**
 * A second run agrees that a builder broke: it joins the open breakage that one change explains
 * too, or opens one. Runs in a unit. The event to record.
 */
export async function confirmBreakage(
  db: Kysely<Database>,
  builder: BuilderRow,
  suspicion: SuspicionRow,
  confirm: BuildRow,
  at: number,
): Promise<NewEvent> {
  const green = await requestOfBuild(db, suspicion.green_build_id);
  const red = await requestOfBuild(db, suspicion.red_build_id);
  const trunk = trunkName(builder.upstream, builder.trunk);
  const row = {
    builder_id: builder.id,
    green_build_id: suspicion.green_build_id,
    red_build_id: suspicion.red_build_id,
    confirm_build_id: confirm.id,
    upstream_green: green.upstream_commit,
    upstream_green_position: green.upstream_position,
    upstream_red: red.upstream_commit,
    upstream_red_position: red.upstream_position,
    project_green: green.project_commit,
    project_green_position: green.project_position,
    project_red: red.project_commit,
    project_red_position: red.project_position,
  };
  const span = spanOf({
    ...row,
    upstream: builder.upstream,
    trunk: builder.trunk,
    project: builder.project,
  });
  const known = breakageShownBy(span, await openSpans(db));
  const id = known ?? (await insertBreakage(db, { trunk, at }));
  const failed = await failedStep(db, confirm);
  await putMember(db, { breakage_id: id, ...row, ...failed, opened_at: at });
  const title = await describe(db, id);
  return {
    at,
    kind: known === null ? 'breakage.opened' : 'breakage.grew',
    actor: 'engine',
    subject: `breakage/${id}`,
    data: { title, builder: builder.name, build: confirm.id },
  };
}

async function openSpans(db: Kysely<Database>): Promise<OpenBreakage[]> {
  const open = await openBreakages(db);
  const members = await membersOf(
    db,
    open.map(({ id }) => id),
  );
  const shown = Map.groupBy(
    members.filter(({ closed_at }) => closed_at === null),
    ({ breakage_id }) => breakage_id,
  );
  return open.map(({ id }) => ({ id, spans: (shown.get(id) ?? []).map(spanOf) }));
}

/** Writes what follows from all who show the breakage; its title. */
async function describe(db: Kysely<Database>, id: number): Promise<string> {
  const members = await membersOf(db, [id]);
  const title = breakageTitle(
    members.map((member) => ({ ...member, trunk: trunkName(member.upstream, member.trunk) })),
    await platformCounts(db),
  );
  const moved = movedOfAll(members.map(spanOf));
  const project = moved === 'project' ? (members[0]?.project ?? null) : null;
  await describeBreakage(db, id, { title, moved, project });
  return title;
}

/** On how many platforms each project, and each trunk's runtime, is built. */
async function platformCounts(db: Kysely<Database>): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('builder')
    .select(['upstream', 'trunk', 'project', 'platform'])
    .where('active', '=', 1)
    .execute();
  const platforms = Map.groupBy(rows, (row) => row.project ?? trunkName(row.upstream, row.trunk));
  return new Map(
    [...platforms].map(([name, its]) => [name, new Set(its.map((row) => row.platform)).size]),
  );
}

/** The first step of a build that failed, and why. */
async function failedStep(
  db: Kysely<Database>,
  build: BuildRow,
): Promise<{ step: string | null; finding: Finding | null }> {
  const [finding = null] = JSON.parse(build.findings_json) as Finding[];
  const step = await db
    .selectFrom('step')
    .select('name')
    .where('build_id', '=', build.id)
    .where('result', '=', 'failure')
    .orderBy('step')
    .limit(1)
    .executeTakeFirst();
  return { step: step?.name ?? null, finding };
}
