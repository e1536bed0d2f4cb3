import type { NewEvent } from '../../src/store/events.ts';

/** An event of the farm that tells nothing but its kind. */
export function event(kind: string, at = 1): NewEvent {
  return { at, kind, actor: 'engine', subject: 'farm', data: {} };
}
