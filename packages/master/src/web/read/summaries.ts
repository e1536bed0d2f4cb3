import type { ApiBuildSummary, Finding } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { isOpen } from '../../store/builds.ts';
import type { Database } from '../../store/schema.ts';

/**
 * The given builds, by id. Ids come first and rows second everywhere: so the planner can't begin at
 * another table and sort what it joined.
 */
export async function buildSummaries(
  db: Kysely<Database>,
  ids: readonly number[],
): Promise<Map<number, ApiBuildSummary>> {
  if (ids.length === 0) return new Map();
  const rows = await summaryRows(db, ids).execute();
  return new Map(rows.map((row) => [row.id, toSummary(row)]));
}

/** The same, in the order of the ids. */
export async function buildSummaryList(
  db: Kysely<Database>,
  ids: readonly number[],
): Promise<ApiBuildSummary[]> {
  const known = await buildSummaries(db, ids);
  return ids.flatMap((id) => known.get(id) ?? []);
}

/** The builds of these builders or workers that have not finished, oldest first. */
export async function openSummaries(
  db: Kysely<Database>,
  column: 'builder_id' | 'worker_id',
  owners: readonly number[],
): Promise<ApiBuildSummary[]> {
  const rows = await db.selectFrom('build').select(['id', column]).where(isOpen).execute();
  const wanted = new Set(owners);
  const ids = rows.filter((row) => wanted.has(row[column])).map((row) => row.id);
  return buildSummaryList(
    db,
    ids.toSorted((a, b) => a - b),
  );
}

function summaryRows(db: Kysely<Database>, ids: readonly number[]) {
  return db
    .selectFrom('build')
    .innerJoin('builder', 'builder.id', 'build.builder_id')
    .innerJoin('request', 'request.id', 'build.request_id')
    .innerJoin('worker', 'worker.id', 'build.worker_id')
    .where('build.id', 'in', ids)
    .select([
      'build.id',
      'build.number',
      'build.state',
      'build.result',
      'build.findings_json',
      'build.text',
      'build.attempt',
      'build.verdict_before',
      'build.started_at',
      'build.detached_at',
      'build.finished_at',
      'build.request_id',
      'builder.name as builder',
      'worker.name as worker',
      'request.reason',
      'request.reason_text',
      'request.again_of',
      'request.upstream_commit',
      'request.project_commit',
    ]);
}

type SummaryRow = Awaited<ReturnType<ReturnType<typeof summaryRows>['execute']>>[number];

function toSummary(row: SummaryRow): ApiBuildSummary {
  return {
    id: row.id,
    builder: row.builder,
    number: row.number,
    request: row.request_id,
    worker: row.worker,
    state: row.state,
    result: row.result,
    findings: JSON.parse(row.findings_json) as Finding[],
    text: row.text,
    attempt: row.attempt,
    reason: row.reason,
    reasonText: row.reason_text,
    // What confirms a new failure is still that failure.
    failedAgain:
      row.result === 'failure' &&
      row.again_of === null &&
      (row.verdict_before === 'red' || row.verdict_before === 'never green'),
    revisions: { upstream: row.upstream_commit, project: row.project_commit },
    startedAt: row.started_at,
    detachedAt: row.state === 'detached' ? row.detached_at : null,
    finishedAt: row.finished_at,
  };
}
