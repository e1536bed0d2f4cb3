import {
  familyOf,
  fareElsewhere,
  isConclusive,
  isTaken,
  judgeWorker,
  quarantineMs,
} from '@weir/model';
import type { Result } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { BuilderRow } from '../store/builders.ts';
import type { NewEvent } from '../store/events.ts';
import {
  endedOfFamily,
  forgiveWorker,
  hasResultSince,
  setQuarantine,
  setStrikes,
  strikesOf,
  takenBuildsOf,
} from '../store/quarantine.ts';
import type { Database } from '../store/schema.ts';
import type { WorkerRow } from '../store/workers.ts';
import { workerById } from '../store/workers.ts';

/** A build that ended, as far as it says something about its worker. */
export interface EndedRun {
  readonly id: number;
  readonly workerId: number;
  readonly builder: BuilderRow;
  readonly startedAt: number;
  readonly result: Result;
  readonly at: number;
}

/**
 * Writes what a build that ended says about its worker: nothing, a strike and maybe a quarantine, or
 * that it is sane. Runs in the unit that ends the build; the events to record.
 */
export async function judgeWorkerOf(db: Kysely<Database>, run: EndedRun): Promise<NewEvent[]> {
  if (!isTaken(run.result) && !isConclusive(run.result)) return [];
  const worker = await workerById(db, run.workerId);
  if (worker?.state !== 'accepted') return [];
  const { builder, result, startedAt } = run;
  const family = familyOf(builder);
  const strikes = strikesOf(worker);
  // A build with a result needs no comparison.
  const others = isTaken(result) ? await endedOfFamily(db, builder) : [];
  const elsewhere = fareElsewhere(others, worker.id);
  switch (judgeWorker({ result, startedAt, family }, strikes, elsewhere)) {
    case 'nothing':
      return [];
    case 'sane':
      return forgive(db, worker, run);
    case 'strike': {
      const isFarmSound = await hasResultSince(db, strikes.at ?? 0);
      const count = strikes.count + 1;
      await setStrikes(db, worker.id, { count, at: run.at, family });
      return quarantine(
        db,
        worker,
        { strikes: count, ms: quarantineMs(count, isFarmSound) },
        run.at,
      );
    }
  }
}

async function forgive(
  db: Kysely<Database>,
  worker: WorkerRow,
  run: EndedRun,
): Promise<NewEvent[]> {
  await forgiveWorker(db, worker.id);
  if (worker.quarantined_at === null) return [];
  const text = `Its build of ${run.builder.name} came to a result.`;
  return [recovered(worker.name, 'engine', run.at, { build: run.id, text })];
}

async function quarantine(
  db: Kysely<Database>,
  worker: WorkerRow,
  { strikes, ms }: { strikes: number; ms: number },
  at: number,
): Promise<NewEvent[]> {
  if (ms === 0) return [];
  const until = at + ms;
  const builds = await takenBuildsOf(db, worker.id);
  const [last] = builds;
  const reason = `${strikes} times in a row infrastructure took what it built, last ${last?.builder} #${last?.number}: ${last?.text}`;
  await setQuarantine(db, worker.id, { at, until, reason });
  const about = { actor: 'engine', subject: `worker/${worker.name}` };
  return [{ at, kind: 'worker.quarantined', ...about, data: { until, strikes, reason, builds } }];
}

/** The event that nothing is held against a worker any more. */
export function recovered(
  worker: string,
  actor: string,
  at: number,
  data: { build?: number; text: string },
): NewEvent {
  return { at, kind: 'worker.recovered', actor, subject: `worker/${worker}`, data };
}
