import type { ApiStep, Finding, Range, StepReport } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { LogReader } from '../../builds/logs/reader.ts';
import type { StepRow } from '../../store/builds.ts';
import type { LogRow } from '../../store/logs.ts';
import { logsOf } from '../../store/logs.ts';
import type { Database } from '../../store/schema.ts';

/** The steps of these builds, by build, in their order, each with its log. */
export async function readStepsOf(
  db: Kysely<Database>,
  logs: LogReader,
  builds: readonly number[],
): Promise<Map<number, ApiStep[]>> {
  if (builds.length === 0) return new Map();
  const rows = await db
    .selectFrom('step')
    .selectAll()
    .where('build_id', 'in', builds)
    .orderBy('build_id')
    .orderBy('step')
    .execute();
  const logRows = Map.groupBy(await logsOf(db, builds), (log) => log.build_id);
  const steps = new Map<number, ApiStep[]>();
  for (const [build, its] of Map.groupBy(rows, (row) => row.build_id)) {
    const logOfStep = new Map(logRows.get(build)?.map((log) => [log.step, log]));
    const own = its.map((row) => toStep(row, logOfStep.get(row.step), logs));
    steps.set(build, await Promise.all(own));
  }
  return steps;
}

async function toStep(row: StepRow, log: LogRow | undefined, logs: LogReader): Promise<ApiStep> {
  return {
    index: row.step,
    name: row.name,
    run: row.run,
    state: stateOf(row),
    result: row.result,
    findings: JSON.parse(row.findings_json) as Finding[],
    exitCode: row.exit_code,
    signal: row.signal,
    text: row.text,
    report: reportOf(row),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    log: log === undefined ? null : await toStepLog(log, logs),
  };
}

/** Without the list of its tests once that is older than the farm keeps those. */
function reportOf({ report_json: json, tests_names: names }: StepRow): StepReport | null {
  if (json === null) return null;
  const { tests, ...report } = JSON.parse(json) as StepReport;
  return { ...report, ...(tests && names !== null && { tests }) };
}

function stateOf(row: StepRow): ApiStep['state'] {
  if (row.finished_at !== null || row.result !== null) return 'finished';
  return row.started_at === null ? 'waiting' : 'running';
}

async function toStepLog(log: LogRow, logs: LogReader): Promise<NonNullable<ApiStep['log']>> {
  if (log.finished === 1) {
    const bytes = log.bytes ?? 0;
    const ranges = JSON.parse(log.ranges_json ?? '[]') as Range[];
    const droppedAt = log.dropped_at;
    return { id: log.id, bytes, lines: log.lines ?? 0, finished: true, ranges, droppedAt };
  }
  const { bytes, lines } = await logs.extent(log);
  return { id: log.id, bytes, lines, finished: false, ranges: [[0, bytes]], droppedAt: null };
}
