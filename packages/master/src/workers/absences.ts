import type { Farm } from '@weir/model';
import { missingChange } from '@weir/model';
import { durationText } from '@weir/model/layout';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { recordEvents } from '../store/events.ts';
import { addAbsence, setMissing } from '../store/presence.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { WorkerRow } from '../store/workers.ts';
import { acceptedWorkers } from '../store/workers.ts';

export interface AbsencesContext {
  readonly store: Store;
  readonly now: Clock;
  readonly farm: () => Farm;
}

/** A machine that slept sees nobody either: no more than this counts between two looks. */
const longestStepMs = 5 * 60_000;

/** Knows for how long workers have been away while this engine was there to see it. */
export class Absences {
  readonly #context: AbsencesContext;
  #lookedAt: number;

  constructor(context: AbsencesContext) {
    this.#context = context;
    this.#lookedAt = context.now();
  }

  /** Adds the time since the last look for who is away, and writes down who is missing, or back. */
  async look(): Promise<void> {
    const { store, now, farm } = this.#context;
    const at = now();
    const stepMs = Math.min(longestStepMs, at - this.#lookedAt);
    this.#lookedAt = at;
    const concerned = (await acceptedWorkers(store.read)).filter(
      (worker) => worker.missing_at !== null || (worker.online === 0 && !isExcused(worker)),
    );
    if (concerned.length === 0) return;
    await store.unit(async (db) => {
      await addAbsence(db, stepMs);
      const { missingAfterMs } = farm().limits;
      for (const worker of await acceptedWorkers(db)) {
        await judge(db, worker, { missingAfterMs, at });
      }
    });
  }
}

async function judge(
  db: Kysely<Database>,
  worker: WorkerRow,
  { missingAfterMs, at }: { missingAfterMs: number; at: number },
): Promise<void> {
  const { absent_ms: absentMs } = worker;
  const absence = {
    online: worker.online === 1,
    isExcused: isExcused(worker),
    absentMs,
    isMissing: worker.missing_at !== null,
  };
  const change = missingChange(absence, missingAfterMs);
  if (change === null) return;
  await setMissing(db, worker.id, change === 'missing' ? at : null);
  const text = change === 'missing' ? missingText(worker) : 'It is connected again.';
  const about = { actor: 'engine', subject: `worker/${worker.name}` };
  await recordEvents(db, [{ at, kind: `worker.${change}`, ...about, data: { absentMs, text } }]);
}

function missingText({ absent_ms, heard_at }: WorkerRow): string {
  const away = `It has been away for ${durationText(absent_ms)} while the farm was there`;
  if (heard_at === null) return `${away}, and never was heard of.`;
  return `${away}; it was last heard of at ${new Date(heard_at).toISOString()}.`;
}

function isExcused({ paused_at, owner_paused_at, left_at }: WorkerRow): boolean {
  return paused_at !== null || owner_paused_at !== null || left_at !== null;
}
