import { combineBuild, stepResult } from '@weir/model';
import type { ReportRules } from '@weir/model';
import type { Artifact, JournalEntry } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { insertArtifact } from '../store/artifacts.ts';
import { builderById } from '../store/builders.ts';
import type { BuildEnd } from '../store/builds.ts';
import {
  advanceJournal,
  advanceLateJournal,
  finishBuild,
  finishStep,
  startStep,
} from '../store/builds.ts';
import type { NewEvent } from '../store/events.ts';
import { recordEvents } from '../store/events.ts';
import { lockBuilderAndWorker } from '../store/lock-rows.ts';
import { finishLog } from '../store/logs.ts';
import { requestById } from '../store/requests.ts';
import { insertResolved } from '../store/resolved.ts';
import type { Database } from '../store/schema.ts';
import { workerById } from '../store/workers.ts';
import { judgeSteps, outcomesOf } from './judge-steps.ts';
import type { JudgedEntry, StepOutcome } from './judge-steps.ts';
import type { LiveBuild } from './live-build.ts';
import { buildEvent, settleBuild } from './settle-build.ts';

/** What is known when entries are applied. */
interface Application {
  readonly build: LiveBuild;
  /** Of each log that the entries finish, by step. */
  readonly lines: ReadonlyMap<number, number>;
  /** Set when the entries end the build. */
  readonly end: BuildEnd | undefined;
  readonly maxAttempts: number;
  readonly at: number;
}

/**
 * Applies entries that follow each other to a build's rows, with their events. Runs in a unit.
 * Undefined when the epoch is an old one or the entries are not the next: then nothing is written.
 * Else the outcomes of all steps that have finished.
 *
 * @param lines of each log that these entries finish, by step
 * @param maxAttempts how often a request is tried whose builds infrastructure takes
 * @param tests what the builder's suites are held against
 */
export async function applyJournal(
  db: Kysely<Database>,
  build: LiveBuild,
  sent: readonly JournalEntry[],
  known: Pick<Application, 'lines' | 'maxAttempts' | 'at'> & { readonly tests: ReportRules },
): Promise<readonly StepOutcome[] | undefined> {
  const { tests, lines, maxAttempts, at } = known;
  // Its end moves the builder's head and judges the worker, by what they are.
  if (sent.at(-1)?.t === 'build-finished') await lockBuilderAndWorker(db, build);
  const entries = await judgeSteps(db, build, sent, { ...tests, at });
  const outcomes = [...build.outcomes, ...outcomesOf(entries)];
  const end = endOf(build, entries, outcomes, at);
  if (!(await advance(db, build, entries.length, end))) return undefined;
  const events: NewEvent[] = [];
  for (const entry of entries) {
    events.push(...(await applyEntry(db, { build, lines, end, maxAttempts, at }, entry)));
  }
  await recordEvents(db, events);
  return outcomes;
}

/** Moves the journal on, and ends the build with its last entry; false when this may not be written. */
function advance(
  db: Kysely<Database>,
  { id, epoch, entries: from, isLate }: LiveBuild,
  count: number,
  end: BuildEnd | undefined,
): Promise<boolean> {
  const to = from + count;
  if (isLate) return advanceLateJournal(db, id, { epoch, from, to }, end);
  return end
    ? finishBuild(db, id, { epoch, journal: { from, to } }, end)
    : advanceJournal(db, id, { epoch, from, to });
}

async function applyEntry(
  db: Kysely<Database>,
  { build, lines, end, maxAttempts, at }: Application,
  entry: JournalEntry,
): Promise<NewEvent[]> {
  switch (entry.t) {
    case 'step-started':
      await startStep(db, build.id, entry.step, at);
      return [stepEvent('step.started', build, entry.step, at, {})];
    case 'log-finished': {
      const log = build.logs[entry.step];
      if (log === undefined) throw new RangeError(`build ${build.id} has no step ${entry.step}`);
      const { bytes, ranges, sha256 } = entry;
      await finishLog(db, log, { bytes, ranges, sha256, lines: lines.get(entry.step) ?? 0 });
      return [];
    }
    case 'step-finished': {
      const { findings, exitCode, signal, text, report = null } = entry;
      const result = stepResult(entry.result, findings);
      const end = { result, findings, exitCode, signal, text, report, at };
      await finishStep(db, build.id, entry.step, end);
      await insertResolved(db, { build: build.id, step: entry.step }, entry.resolved ?? []);
      return [stepEvent('step.finished', build, entry.step, at, { result, findings })];
    }
    case 'artifact':
      return build.isLate ? [] : [await keepArtifact(db, build, entry, at)];
    case 'build-finished':
      if (end === undefined) return [];
      if (build.isLate) return [await lateEvent(db, build, end)];
      return settleBuild(db, build, end, maxAttempts);
  }
}

/** What a runtime builder made; it counts once the build has ended well. */
async function keepArtifact(
  db: Kysely<Database>,
  build: LiveBuild,
  artifact: Artifact,
  at: number,
): Promise<NewEvent> {
  const { id: buildId, workerId, builderId, upstreamCommit: commit } = build;
  const builder = await builderById(db, builderId);
  const worker = await workerById(db, workerId);
  const request = await requestById(db, build.requestId);
  if (builder === undefined || worker === undefined || request === undefined) {
    throw new Error(`build ${buildId} has no builder, worker or request`);
  }
  const { upstream_position: position } = request;
  const from = { builderId, commit, position, buildId, workerId, trust: worker.trust, at };
  await insertArtifact(db, artifact, from);
  const { sha256, bytes } = artifact;
  return buildEvent('artifact.stored', builder, build, at, { sha256, bytes });
}

/** Evidence only: the request went elsewhere, and neither verdict nor breakage hears of it. */
async function lateEvent(
  db: Kysely<Database>,
  build: LiveBuild,
  { result, findings, at }: BuildEnd,
): Promise<NewEvent> {
  const builder = await builderById(db, build.builderId);
  if (builder === undefined) throw new Error(`build ${build.id} has no builder`);
  return buildEvent('build.late', builder, build, at, { result, findings });
}

/** The worst of what the worker says of the build and of its steps; a pass needs all of them. */
function endOf(
  build: LiveBuild,
  entries: readonly JudgedEntry[],
  steps: readonly StepOutcome[],
  at: number,
): BuildEnd | undefined {
  const last = entries.at(-1);
  if (last?.t !== 'build-finished') return undefined;
  const { result, findings, environment } = last;
  const combined = combineBuild([...steps, { result, findings }]);
  // Where the farm made it worse, the worker's words are of something else.
  const isWorse = result !== combined.result;
  const judged = steps
    .flatMap((step) => step.judged ?? [])
    .find((words) => isWorse || (last.text !== '' && words.startsWith(last.text)));
  const text = judged ?? last.text;
  const isPass = combined.result === 'success' || combined.result === 'warnings';
  if (!isPass || steps.length === build.steps) return { ...combined, text, environment, at };
  const missing = `the worker reported ${steps.length} of ${build.steps} steps`;
  return { ...combined, result: 'exception', text: missing, environment, at };
}

function stepEvent(
  kind: string,
  build: LiveBuild,
  step: number,
  at: number,
  data: Readonly<Record<string, unknown>>,
): NewEvent {
  const subject = `build/${build.id}`;
  return { at, kind, actor: 'engine', subject, data: { step, ...data } };
}
