import type { Outcome } from '@weir/model';
import { combineBuild, stepResult } from '@weir/model';
import type { JournalEntry } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { advanceJournal, finishStep, startStep } from '../store/builds.ts';
import type { NewEvent } from '../store/events.ts';
import { recordEvents } from '../store/events.ts';
import { finishLog } from '../store/logs.ts';
import type { Database } from '../store/schema.ts';
import { endBuild } from './end-build.ts';
import type { LiveBuild } from './live-build.ts';

/** What entries are applied to: the outcomes of the steps grow with them. */
interface Application {
  readonly build: LiveBuild;
  /** Of each log that the entries finish, by step. */
  readonly lines: ReadonlyMap<number, number>;
  readonly at: number;
  readonly outcomes: Outcome[];
}

/**
 * Applies entries that follow each other to a build's rows, with their events. Runs in a unit.
 * Undefined when the epoch is an old one or the entries are not the next: then nothing is written.
 * Else the outcomes of all steps that have finished.
 *
 * @param lines of each log that these entries finish, by step
 */
export async function applyJournal(
  db: Kysely<Database>,
  build: LiveBuild,
  entries: readonly JournalEntry[],
  lines: ReadonlyMap<number, number>,
  at: number,
): Promise<readonly Outcome[] | undefined> {
  const from = build.entries;
  const to = entries.at(-1)?.n ?? from;
  if (!(await advanceJournal(db, build.id, { epoch: build.epoch, from, to }))) return undefined;
  const application = { build, lines, at, outcomes: [...build.outcomes] };
  const events: NewEvent[] = [];
  for (const entry of entries) {
    const event = await applyEntry(db, application, entry);
    if (event !== undefined) events.push(event);
  }
  await recordEvents(db, events);
  return application.outcomes;
}

async function applyEntry(
  db: Kysely<Database>,
  { build, lines, at, outcomes }: Application,
  entry: JournalEntry,
): Promise<NewEvent | undefined> {
  switch (entry.t) {
    case 'step-started':
      await startStep(db, build.id, entry.step, at);
      return stepEvent('step.started', build, entry.step, at, {});
    case 'log-finished': {
      const log = build.logs[entry.step];
      if (log === undefined) throw new RangeError(`build ${build.id} has no step ${entry.step}`);
      const { bytes, ranges, sha256 } = entry;
      await finishLog(db, log, { bytes, ranges, sha256, lines: lines.get(entry.step) ?? 0 });
      return undefined;
    }
    case 'step-finished': {
      const { findings, exitCode, signal, text } = entry;
      // A finding is never a pass, whatever the worker makes of it.
      const result = stepResult(entry.result, findings);
      outcomes.push({ result, findings });
      await finishStep(db, build.id, entry.step, { result, findings, exitCode, signal, text, at });
      return stepEvent('step.finished', build, entry.step, at, { result, findings });
    }
    case 'build-finished': {
      const { environment } = entry;
      const { text, ...outcome } = outcomeOf(build, entry, outcomes);
      return endBuild(db, build, { ...outcome, text, environment, at });
    }
  }
}

/** The worst of what the worker says of the build and of its steps; a pass needs all of them. */
function outcomeOf(
  build: LiveBuild,
  { result, findings, text }: Extract<JournalEntry, { t: 'build-finished' }>,
  steps: readonly Outcome[],
): Outcome & { text: string } {
  const combined = combineBuild([...steps, { result, findings }]);
  const isPass = combined.result === 'success' || combined.result === 'warnings';
  if (!isPass || steps.length === build.steps) return { ...combined, text };
  const missing = `the worker reported ${steps.length} of ${build.steps} steps`;
  return { result: 'exception', findings: combined.findings, text: missing };
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
