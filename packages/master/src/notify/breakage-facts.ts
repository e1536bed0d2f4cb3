import type { BreakageFacts, ChangeLine, Excerpt, Farm, Side, Source } from '@weir/model';
import { linesThatMatter, reproduceCommands } from '@weir/model';
import type { Kysely } from 'kysely';
import type { LogReader } from '../builds/logs/reader.ts';
import { branchByName } from '../store/branches.ts';
import type { BreakageRow, MemberRow } from '../store/breakages.ts';
import { breakageById, membersOf } from '../store/breakages.ts';
import { changesBetween } from '../store/changes.ts';
import type { Database } from '../store/schema.ts';
import { readTail } from './log-tail.ts';

const maxRows = 100;
const maxChanges = 20;

export interface FactSources {
  readonly db: Kysely<Database>;
  readonly logs: LogReader;
  readonly farm: Farm;
}

/** A breakage with all that its notice tells; undefined when there is no such breakage. */
export async function readBreakageFacts(
  sources: FactSources,
  id: number,
): Promise<{ facts: BreakageFacts; members: MemberRow[] } | undefined> {
  const breakage = await breakageById(sources.db, id);
  if (breakage === undefined) return undefined;
  const members = await membersOf(sources.db, [id]);
  // A project's failure says more than that of a runtime which it merely ran with.
  const example = members.find(({ project }) => project !== null) ?? members[0];
  const facts = {
    id,
    title: breakage.title,
    trunk: breakage.trunk,
    moved: breakage.moved,
    openedAt: breakage.opened_at,
    closedAt: breakage.closed_at,
    builders: members.length,
    rows: members.slice(0, maxRows).map((member) => ({
      builder: member.builder,
      project: member.project,
      platform: member.platform,
      step: member.step,
      finding: member.finding,
      build: member.confirm_build_id,
      fixedBy: member.fixed_build_id,
    })),
    sides: await sidesOf(sources.db, breakage, members),
    excerpt: example === undefined ? null : await excerptOf(sources, example),
    reproduce: example === undefined ? [] : commandsOf(sources.farm, example),
  };
  return { facts, members };
}

/** The followed branches that moved, each with what lies between every green and every red of it. */
async function sidesOf(
  db: Kysely<Database>,
  { trunk, moved }: BreakageRow,
  members: readonly MemberRow[],
): Promise<Side[]> {
  const sides: (Side | undefined)[] = [];
  if (moved === 'upstream' || moved === 'both') {
    sides.push(await sideOf(db, trunk, members.map(upstreamReach)));
  }
  const project = members[0]?.project ?? null;
  if ((moved === 'project' || moved === 'both') && project !== null) {
    sides.push(await sideOf(db, project, members.flatMap(projectReach)));
  }
  return sides.filter((side) => side !== undefined);
}

interface Place {
  readonly position: number;
  readonly commit: string;
}

interface Reach {
  readonly green: Place;
  readonly red: Place;
}

function upstreamReach(member: MemberRow): Reach {
  return {
    green: { position: member.upstream_green_position, commit: member.upstream_green },
    red: { position: member.upstream_red_position, commit: member.upstream_red },
  };
}

function projectReach(member: MemberRow): Reach[] {
  const { project_green_position: from, project_green: green } = member;
  const { project_red_position: to, project_red: red } = member;
  if (from === null || green === null || to === null || red === null) return [];
  return [{ green: { position: from, commit: green }, red: { position: to, commit: red } }];
}

async function sideOf(
  db: Kysely<Database>,
  branch: string,
  reaches: readonly Reach[],
): Promise<Side | undefined> {
  const green = reaches
    .map((reach) => reach.green)
    .toSorted(byPosition)
    .at(-1);
  const red = reaches
    .map((reach) => reach.red)
    .toSorted(byPosition)
    .at(0);
  const row = await branchByName(db, branch);
  if (green === undefined || red === undefined || row === undefined) return undefined;
  const range = { after: green.position, upTo: red.position };
  const changes = await changesBetween(db, row.id, range, maxChanges);
  const lines = changes.map((change): ChangeLine => {
    const { id, commit_hash: commit, author_name: author, subject } = change;
    return { id, commit, author, subject };
  });
  const count = Math.max(0, red.position - green.position);
  return { branch, green: green.commit, red: red.commit, count, changes: lines };
}

function byPosition(a: Place, b: Place): number {
  return a.position - b.position;
}

async function excerptOf(
  { db, logs }: FactSources,
  { builder, confirm_build_id: build, step }: MemberRow,
): Promise<Excerpt | null> {
  if (step === null) return null;
  const log = await db
    .selectFrom('step')
    .innerJoin('log', (join) =>
      join.onRef('log.build_id', '=', 'step.build_id').onRef('log.step', '=', 'step.step'),
    )
    .select(['log.id', 'log.file'])
    .where('step.build_id', '=', build)
    .where('step.name', '=', step)
    .executeTakeFirst();
  if (log === undefined) return null;
  const lines = linesThatMatter(await readTail(logs, log));
  return lines.length === 0 ? null : { builder, step, log: log.id, lines };
}

function commandsOf(farm: Farm, member: MemberRow): string[] {
  const upstream = farm.upstreams.get(member.upstream);
  if (upstream === undefined) return [];
  const { repository, env, steps } = upstream;
  const runs = (all: readonly { name: string; run: string }[]): string[] => {
    const failed = all.findIndex(({ name }) => name === member.step);
    return all.slice(0, failed === -1 ? all.length : failed + 1).map(({ run }) => run);
  };
  const isRuntime = member.project === null;
  const source: Source = {
    name: upstream.name,
    repository,
    commit: member.upstream_red,
    env,
    steps: isRuntime ? runs(steps) : steps.map(({ run }) => run),
  };
  if (isRuntime) return reproduceCommands(source, null);
  const project = farm.projects.get(member.project ?? '');
  if (project === undefined) return [];
  return reproduceCommands(source, {
    name: project.name,
    repository: project.repository,
    commit: member.project_red,
    env: project.env,
    steps: runs(project.steps),
  });
}
