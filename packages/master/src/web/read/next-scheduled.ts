import { recurrenceName } from '@weir/model';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import { nextFiring } from '../../schedule/next-firing.ts';
import { ownerOf } from '../../schedule/scheduled.ts';
import type { BuilderRow } from '../../store/builders.ts';
import { lastFiring } from '../../store/recurrences.ts';
import type { Database } from '../../store/schema.ts';

/** When each of these owners' builders build next by the clock; those without a schedule are left out. */
export async function nextScheduled(
  db: Kysely<Database>,
  { schedules }: FarmRules,
  rows: readonly BuilderRow[],
): Promise<Map<string, number>> {
  const next = new Map<string, number>();
  for (const owner of new Set(rows.map(ownerOf))) {
    for (const recurrence of schedules.get(owner) ?? []) {
      const last = await lastFiring(db, { owner, name: recurrenceName(recurrence) });
      const due = last === undefined ? null : nextFiring(recurrence, last);
      if (due !== null) next.set(owner, Math.min(due, next.get(owner) ?? Infinity));
    }
  }
  return next;
}
