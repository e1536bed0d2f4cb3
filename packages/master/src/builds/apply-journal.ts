import type { JournalEntry } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { advanceJournal, finishStep, startStep } from '../store/builds.ts';
import type { NewEvent } from '../store/events.ts';
import { recordEvents } from '../store/events.ts';
import { finishLog } from '../store/logs.ts';
import type { Database } from '../store/schema.ts';
import { endBuild } from './end-build.ts';
import type { LiveBuild } from './live-build.ts';

/**
 * Applies entries that follow each other to a build's rows, with their events. Runs in a unit.
 * False when the epoch is an old one or the entries are not the next: then nothing is written.
 *
 * @param lines of each log that these entries finish, by step
 * @throws RangeError for a step that the build has not
 */
export async function applyJournal(
  db: Kysely<Database>,
  build: LiveBuild,
  entries: readonly JournalEntry[],
  lines: ReadonlyMap<number, number>,
  at: number,
): Promise<boolean> {
  const from = build.entries;
  const to = entries.at(-1)?.n ?? from;
  if (!(await advanceJournal(db, build.id, { epoch: build.epoch, from, to }))) return false;
  const events: NewEvent[] = [];
  for (const entry of entries) {
    const event = await applyEntry(db, build, entry, lines, at);
    if (event !== undefined) events.push(event);
  }
  await recordEvents(db, events);
  return true;
}

async function applyEntry(
  db: Kysely<Database>,
  build: LiveBuild,
  entry: JournalEntry,
  lines: ReadonlyMap<number, number>,
  at: number,
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
      const { result, findings, exitCode, signal, text } = entry;
      await finishStep(db, build.id, entry.step, { result, findings, exitCode, signal, text, at });
      return stepEvent('step.finished', build, entry.step, at, { result, findings });
    }
    case 'build-finished': {
      const { result, findings, text, environment } = entry;
      return endBuild(db, build, { result, findings, text, environment, at });
    }
  }
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
