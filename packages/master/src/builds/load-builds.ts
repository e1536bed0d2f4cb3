import type { Finding } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { BuildRow, StepRow } from '../store/builds.ts';
import type { Database } from '../store/schema.ts';
import { writtenOutcome } from './judge-steps.ts';
import type { LiveBuild } from './live-build.ts';
import { nothingReceived } from './live-build.ts';

/** What the store says of builds that an engine has no copy of: after a restart, or because they were lost. */
export async function loadBuilds(
  db: Kysely<Database>,
  rows: readonly BuildRow[],
): Promise<LiveBuild[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const steps = await db
    .selectFrom('step')
    .select(['build_id', 'step', 'name', 'result', 'findings_json', 'text'])
    .where('build_id', 'in', ids)
    .orderBy('step')
    .execute();
  const logs = await db
    .selectFrom('log')
    .select(['id', 'build_id', 'step', 'file'])
    .where('build_id', 'in', ids)
    .orderBy('step')
    .execute();
  const requests = await db
    .selectFrom('request')
    .select(['id', 'upstream_commit'])
    .where(
      'id',
      'in',
      rows.map((row) => row.request_id),
    )
    .execute();
  const stepsOf = Map.groupBy(steps, (step) => step.build_id);
  const logsOf = Map.groupBy(logs, (log) => log.build_id);
  const commits = new Map(requests.map((request) => [request.id, request.upstream_commit]));
  return rows.map((row) =>
    toLiveBuild(row, {
      steps: stepsOf.get(row.id) ?? [],
      logs: logsOf.get(row.id) ?? [],
      commit: commits.get(row.request_id) ?? '',
    }),
  );
}

interface Parts {
  readonly steps: readonly Pick<StepRow, 'name' | 'result' | 'findings_json' | 'text'>[];
  readonly logs: readonly { id: number; file: string }[];
  readonly commit: string;
}

function toLiveBuild(row: BuildRow, { steps, logs, commit }: Parts): LiveBuild {
  return {
    id: row.id,
    number: row.number,
    builderId: row.builder_id,
    requestId: row.request_id,
    workerId: row.worker_id,
    upstreamCommit: commit,
    startedAt: row.started_at,
    trial: row.trial,
    steps: steps.length,
    logs: logs.map(({ id }) => id),
    file: logs[0]?.file ?? '',
    epoch: row.epoch,
    entries: row.journal_n,
    // A step that is lost was still running when its build was taken away.
    outcomes: steps.flatMap(({ result, findings_json: findings, name, text }) =>
      result === null || result === 'lost'
        ? []
        : [writtenOutcome(result, { name, findings: JSON.parse(findings) as Finding[], text })],
    ),
    session: undefined,
    state: row.journal_n === 0 ? 'offered' : 'started',
    isDetached: row.state === 'detached',
    isLate: row.state === 'finished',
    cancelReason: row.cancel_reason,
    ...nothingReceived(),
  };
}
