import type { BreakageFacts, Excerpt, Farm, Side } from '@weir/model';
import { linesThatMatter, reproduceCommands } from '@weir/model';
import type { ApiBreakage, ApiSuspect } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { LogReader } from '../builds/logs/reader.ts';
import type { MemberRow } from '../store/breakages.ts';
import { membersOf } from '../store/breakages.ts';
import type { Database } from '../store/schema.ts';
import { readBreakage } from '../web/read/breakages.ts';
import { readTail } from './log-tail.ts';

const maxRows = 100;
const maxChanges = 20;

export interface FactSources {
  readonly db: Kysely<Database>;
  readonly logs: LogReader;
  readonly farm: Farm;
  /** Where the farm's pages are, without a slash at the end. */
  readonly url: string;
}

/** A breakage with all that its notice tells; undefined when there is no such breakage. */
export async function readBreakageFacts(
  sources: FactSources,
  id: number,
): Promise<BreakageFacts | undefined> {
  const breakage = await readBreakage(sources.db, id);
  if (breakage === undefined) return undefined;
  const members = await membersOf(sources.db, [id]);
  // A project's failure says more than that of a runtime which it merely ran with.
  const example = members.find(({ project }) => project !== null) ?? members[0];
  const { title, trunk, trunks, moved, openedAt, closedAt, shows, suspects } = breakage;
  const shown = shows.slice(0, maxRows);
  const said = await wordsOf(sources.db, shown);
  return {
    id,
    title,
    trunk,
    trunks,
    haveTrunksMoved: members.some(hasTrunkMoved),
    moved,
    openedAt,
    closedAt,
    builders: shows.length,
    rows: shown.map((row) => ({
      builder: row.builder,
      project: row.project,
      platform: row.platform,
      step: row.step,
      finding: row.finding,
      said: said.get(saidKey(row.confirmBuild, row.step)) ?? '',
      build: row.confirmBuild,
      fixedBy: row.fixedBuild,
    })),
    sides: suspects.map(sideOf),
    excerpt: example === undefined ? null : await excerptOf(sources, example),
    reproduce:
      example === undefined ? [] : reproduceCommands(sources.url, example.confirm_build_id),
  };
}

/** What the builds that confirmed, and their steps, say of their ends. */
async function wordsOf(
  db: Kysely<Database>,
  shown: ApiBreakage['shows'],
): Promise<Map<string, string>> {
  const builds = shown.map(({ confirmBuild }) => confirmBuild);
  if (builds.length === 0) return new Map();
  const rows = await db
    .selectFrom('step')
    .select(['build_id', 'name', 'text'])
    .where('build_id', 'in', builds)
    .execute();
  const ends = await db
    .selectFrom('build')
    .select(['id', 'text'])
    .where('id', 'in', builds)
    .execute();
  return new Map([
    ...rows.map(({ build_id: build, name, text }) => [saidKey(build, name), text] as const),
    ...ends.map(({ id, text }) => [saidKey(id, null), text] as const),
  ]);
}

/** @param step null for the build as a whole */
function saidKey(build: number, step: string | null): string {
  return step === null ? `${build}` : `${build} ${step}`;
}

function hasTrunkMoved({
  upstream_green_position: green,
  upstream_red_position: red,
}: MemberRow): boolean {
  return green !== red;
}

function sideOf({ changes, ...side }: ApiSuspect): Side {
  return {
    ...side,
    changes: changes.slice(0, maxChanges).map(({ id, commit, author, subject }) => ({
      id,
      commit,
      author: author.name,
      subject,
    })),
  };
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
