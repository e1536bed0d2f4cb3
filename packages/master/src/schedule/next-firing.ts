import type { Recurrence } from '@weir/model';
import { Cron } from 'croner';

/**
 * The first moment after another at which a recurrence is due; null when there is none any more (a
 * 30th of February). Both are milliseconds UTC. A time within the hour that summer time leaves
 * out comes when that hour ends; one within the hour that it repeats comes once.
 */
export function nextFiring(recurrence: Recurrence, after: number): number | null {
  if (recurrence.kind === 'every') return after + recurrence.everyMs;
  const { cron, timezone } = recurrence;
  const next = new Cron(cron, { timezone, paused: true }).nextRun(new Date(after));
  return next?.getTime() ?? null;
}
