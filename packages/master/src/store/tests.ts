import type { StepReport } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './schema.ts';

/** The report that the counts of a step are held against, and whose it is. */
export interface Measure {
  /** Of the step, in either build. */
  readonly step: string;
  /** The number of the build that is the measure. */
  readonly number: number;
  readonly report: StepReport;
}

/** The builder's newest green build, or a newer one whose count a person accepted. */
const measureId = sql<number>`case
  when coalesce(builder.accepted_build_id, 0) > coalesce(builder.green_build_id, 0)
  then builder.accepted_build_id else builder.green_build_id end`;

/**
 * What a step's counts are held against: the report of the step of that name in the builder's last
 * green build. Undefined when there is none, or when that build was of newer commits than this one:
 * an older suite has fewer tests.
 */
export async function measureOf(
  db: Kysely<Database>,
  build: { id: number; builderId: number; requestId: number },
  step: number,
): Promise<Measure | undefined> {
  const row = await db
    .selectFrom('step')
    .innerJoin('builder', (join) => join.on('builder.id', '=', build.builderId))
    .innerJoin('build as measure', (join) => join.on('measure.id', '=', measureId))
    .innerJoin('step as base', (join) =>
      join.onRef('base.build_id', '=', 'measure.id').onRef('base.name', '=', 'step.name'),
    )
    .innerJoin('request as asked', (join) => join.on('asked.id', '=', build.requestId))
    .innerJoin('request as built', 'built.id', 'measure.request_id')
    .where('step.build_id', '=', build.id)
    .where('step.step', '=', step)
    .whereRef('asked.upstream_position', '>=', 'built.upstream_position')
    .where((eb) =>
      eb.or([
        eb('asked.project_position', 'is', null),
        eb('built.project_position', 'is', null),
        eb('asked.project_position', '>=', eb.ref('built.project_position')),
      ]),
    )
    .select(['step.name', 'measure.number', 'base.report_json'])
    .executeTakeFirst();
  if (row === undefined || row.report_json === null) return undefined;
  const { name, number, report_json: report } = row;
  return { step: name, number, report: JSON.parse(report) as StepReport };
}

/** How a step of a build is called. */
export async function stepName(
  db: Kysely<Database>,
  build: { id: number },
  step: number,
): Promise<string> {
  const { name } = await db
    .selectFrom('step')
    .select('name')
    .where('build_id', '=', build.id)
    .where('step', '=', step)
    .executeTakeFirstOrThrow();
  return name;
}

/** Makes a build the measure of its builder's counts. False when it is, or is older than the measure. */
export async function acceptCounts(
  db: Kysely<Database>,
  builderId: number,
  buildId: number,
): Promise<boolean> {
  const accepted = await db
    .updateTable('builder')
    .set({ accepted_build_id: buildId })
    .where('id', '=', builderId)
    .where((eb) => eb(eb.fn.coalesce('accepted_build_id', eb.val(0)), '<', buildId))
    .where((eb) => eb(eb.fn.coalesce('green_build_id', eb.val(0)), '<', buildId))
    .executeTakeFirst();
  return accepted.numUpdatedRows > 0n;
}

/** Which of these objects hold tests of a step that is kept. */
export async function testObjectsInUse(
  db: Kysely<Database>,
  hashes: readonly string[],
): Promise<Set<string>> {
  const used = new Set<string>();
  if (hashes.length === 0) return used;
  for (const column of ['tests_names', 'tests_results'] as const) {
    const rows = await db.selectFrom('step').select(column).where(column, 'in', hashes).execute();
    for (const row of rows) used.add(row[column as keyof typeof row] ?? '');
  }
  return used;
}
