import type { Trial } from '@weir/model';
import type { Finding, Result, StepReport } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './schema.ts';
import type { BuildTable, StepTable } from './schema/build.ts';

/** What runs. Written out, not bound, and ordered by `+id`: else SQLite walks the whole table by its ids. */
export const isOpen = sql<boolean>`state != 'finished'`;

export type BuildRow = Selectable<BuildTable>;
export type StepRow = Selectable<StepTable>;

export interface NewBuild {
  readonly builderId: number;
  readonly number: number;
  readonly requestId: number;
  readonly workerId: number;
  readonly attempt: number;
  readonly boot: string;
  readonly leaseUntil: number;
  readonly startedAt: number;
  readonly trial: Trial | null;
  /** The artifact that a project runs with. */
  readonly runtimeSha256?: string | null;
  /** See `keepSpec`. */
  readonly specJson?: string;
}

export async function insertBuild(db: Kysely<Database>, build: NewBuild): Promise<BuildRow> {
  return db
    .insertInto('build')
    .values({
      builder_id: build.builderId,
      number: build.number,
      request_id: build.requestId,
      worker_id: build.workerId,
      state: 'running',
      attempt: build.attempt,
      epoch: 1,
      boot: build.boot,
      lease_until: build.leaseUntil,
      journal_n: 0,
      findings_json: '[]',
      text: '',
      environment_json: '{}',
      started_at: build.startedAt,
      trial: build.trial,
      runtime_sha256: build.runtimeSha256 ?? null,
      spec_json: build.specJson ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function insertSteps(
  db: Kysely<Database>,
  buildId: number,
  steps: readonly { name: string; run: string }[],
): Promise<void> {
  await db
    .insertInto('step')
    .values(
      steps.map(({ name, run }, step) => ({
        build_id: buildId,
        step,
        name,
        run,
        findings_json: '[]',
        text: '',
      })),
    )
    .execute();
}

export function buildById(db: Kysely<Database>, id: number): Promise<BuildRow | undefined> {
  return db.selectFrom('build').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Builds that have not finished, on one worker or on all. */
export function openBuilds(db: Kysely<Database>, workerId?: number): Promise<BuildRow[]> {
  let query = db
    .selectFrom('build')
    .selectAll()
    .where(isOpen)
    .orderBy(sql`+id`);
  if (workerId !== undefined) query = query.where('worker_id', '=', workerId);
  return query.execute();
}

/**
 * Moves the build's journal on. False when the epoch is an old one, the build has ended, or the
 * entry is not the next: then nothing may be written.
 */
export async function advanceJournal(
  db: Kysely<Database>,
  id: number,
  journal: { epoch: number; from: number; to: number },
): Promise<boolean> {
  const advanced = await db
    .updateTable('build')
    .set({ journal_n: journal.to })
    .where('id', '=', id)
    .where('epoch', '=', journal.epoch)
    .where('journal_n', '=', journal.from)
    .where('state', '!=', 'finished')
    .executeTakeFirst();
  return advanced.numUpdatedRows > 0n;
}

/**
 * As `advanceJournal`, for a build that is lost already: with its last entry what the worker says
 * of the end is kept beside the result, which stays.
 */
export async function advanceLateJournal(
  db: Kysely<Database>,
  id: number,
  journal: { epoch: number; from: number; to: number },
  end: BuildEnd | undefined,
): Promise<boolean> {
  const { environment, ...late } = end ?? {};
  const advanced = await db
    .updateTable('build')
    .set({
      journal_n: journal.to,
      ...(end && {
        late_json: JSON.stringify(late),
        environment_json: JSON.stringify(environment),
      }),
    })
    .where('id', '=', id)
    .where('epoch', '=', journal.epoch)
    .where('journal_n', '=', journal.from)
    .where('result', '=', 'lost')
    .executeTakeFirst();
  return advanced.numUpdatedRows > 0n;
}

export interface BuildEnd {
  readonly result: Result;
  readonly findings: readonly Finding[];
  readonly text: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly at: number;
}

/**
 * Ends a build under its epoch, and with `journal` moves its journal on as `advanceJournal` does.
 * False when it has ended already, the epoch is an old one or the journal is not there.
 */
export async function finishBuild(
  db: Kysely<Database>,
  id: number,
  guard: { epoch: number; journal?: { from: number; to: number } },
  end: BuildEnd,
): Promise<boolean> {
  const { epoch, journal } = guard;
  let update = db
    .updateTable('build')
    .set((eb) => ({
      state: 'finished' as const,
      result: end.result,
      verdict_before: eb
        .selectFrom('builder')
        .select('builder.verdict')
        .whereRef('builder.id', '=', 'build.builder_id'),
      findings_json: JSON.stringify(end.findings),
      text: end.text,
      environment_json: JSON.stringify(end.environment),
      finished_at: end.at,
      ...(journal && { journal_n: journal.to }),
    }))
    .where('id', '=', id)
    .where('epoch', '=', epoch)
    .where('state', '!=', 'finished');
  if (journal) update = update.where('journal_n', '=', journal.from);
  return (await update.executeTakeFirst()).numUpdatedRows > 0n;
}

export async function startStep(
  db: Kysely<Database>,
  buildId: number,
  step: number,
  at: number,
): Promise<void> {
  await db
    .updateTable('step')
    .set({ started_at: at })
    .where('build_id', '=', buildId)
    .where('step', '=', step)
    .execute();
}

export async function finishStep(
  db: Kysely<Database>,
  buildId: number,
  step: number,
  end: {
    result: Result;
    findings: readonly Finding[];
    exitCode: number | null;
    signal: string | null;
    text: string;
    report: StepReport | null;
    at: number;
  },
): Promise<void> {
  await db
    .updateTable('step')
    .set({
      result: end.result,
      findings_json: JSON.stringify(end.findings),
      exit_code: end.exitCode,
      signal: end.signal,
      text: end.text,
      report_json: end.report && JSON.stringify(end.report),
      tests_names: end.report?.tests?.names.sha256 ?? null,
      tests_results: end.report?.tests?.results.sha256 ?? null,
      finished_at: end.at,
    })
    .where('build_id', '=', buildId)
    .where('step', '=', step)
    .execute();
}

/** The step that ran when its build was taken away ended with it. */
export async function endRunningSteps(
  db: Kysely<Database>,
  buildId: number,
  { result, at }: { result: Result; at: number },
): Promise<void> {
  await db
    .updateTable('step')
    .set({ result, finished_at: at })
    .where('build_id', '=', buildId)
    .where('started_at', 'is not', null)
    .where('finished_at', 'is', null)
    .execute();
}

/** Sets the reason why a person wants a running build ended. False when it has ended, or was asked before. */
export async function requestCancel(
  db: Kysely<Database>,
  id: number,
  reason: string,
): Promise<boolean> {
  const asked = await db
    .updateTable('build')
    .set({ cancel_reason: reason })
    .where('id', '=', id)
    .where('state', '!=', 'finished')
    .where('cancel_reason', 'is', null)
    .executeTakeFirst();
  return asked.numUpdatedRows > 0n;
}

/**
 * Forgets a build that no worker ever began. False when one did, when another session took it over
 * or a person wants it ended: then it stays.
 */
export async function deleteOffered(
  db: Kysely<Database>,
  id: number,
  epoch: number,
): Promise<boolean> {
  const deleted = await db
    .deleteFrom('build')
    .where('id', '=', id)
    .where('epoch', '=', epoch)
    .where('journal_n', '=', 0)
    .where('state', '!=', 'finished')
    .where('cancel_reason', 'is', null)
    .executeTakeFirst();
  if (deleted.numDeletedRows === 0n) return false;
  await db.deleteFrom('log').where('build_id', '=', id).execute();
  await db.deleteFrom('step').where('build_id', '=', id).execute();
  return true;
}
