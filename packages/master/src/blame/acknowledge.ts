import type { Kysely } from 'kysely';
import type { Command } from '../command.ts';
import { CommandError } from '../command.ts';
import { breakageById, setAcknowledgement } from '../store/breakages.ts';
import { recordEvents } from '../store/events.ts';
import type { Database } from '../store/schema.ts';

const hourMs = 3_600_000;

/** Somebody is on a breakage, for so many hours. Runs in a unit. @throws CommandError when it is not open */
export async function acknowledge(
  db: Kysely<Database>,
  command: Extract<Command, { t: 'acknowledge' }>,
  { actor, at }: { actor: string; at: number },
): Promise<void> {
  const { breakage: id, by, hours, reason } = command;
  if ((await breakageById(db, id)) === undefined) {
    throw new CommandError(404, 'no-such-breakage', `there is no breakage ${id}`);
  }
  const until = at + hours * hourMs;
  if (!(await setAcknowledgement(db, id, { by, at, until, reason }))) {
    throw new CommandError(409, 'no-change', `breakage ${id} is closed`);
  }
  const subject = `breakage/${id}`;
  const event = { at, kind: 'breakage.acknowledged', actor, subject };
  await recordEvents(db, [{ ...event, data: { by, until, reason } }]);
}
