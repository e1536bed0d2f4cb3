import { haveLostTests, mayAcceptTests } from '@weir/model';
import type { BuilderFacts } from '@weir/model';
import type { Finding } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Command } from '../command.ts';
import { CommandError } from '../command.ts';
import { buildById } from '../store/builds.ts';
import { recordEvents } from '../store/events.ts';
import type { RequestRow } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import { acceptCounts } from '../store/tests.ts';
import { again } from './force.ts';

type AcceptTests = Extract<Command, { t: 'accept-tests' }>;

/**
 * A person says that a build's suite is as it is meant to be: the counts of its builder are held
 * against that build from now on, and its revisions are built once more, which says whether all else
 * is well. What was red stays red. Runs in a unit.
 *
 * @throws CommandError when it has no such finding, or is not the newest word any more
 */
export async function acceptTests(
  db: Kysely<Database>,
  { build: id, reason }: AcceptTests,
  by: { actor: string; builders: ReadonlyMap<number, BuilderFacts>; at: number },
): Promise<RequestRow> {
  const build = await buildById(db, id);
  if (build === undefined) {
    throw new CommandError(404, 'no-such-build', `there is no build ${id}`);
  }
  const findings = JSON.parse(build.findings_json) as Finding[];
  if (build.state !== 'finished' || !haveLostTests(findings)) {
    throw new CommandError(409, 'no-change', `build ${id} has lost no tests`);
  }
  if (!mayAcceptTests(findings)) {
    const text = `build ${id} ran no test: that stays a failure, whatever is accepted`;
    throw new CommandError(409, 'no-change', text);
  }
  if (!(await acceptCounts(db, build.builder_id, id))) {
    const text = `a newer build than ${id} was green, or accepted`;
    throw new CommandError(409, 'no-change', text);
  }
  const { actor, builders, at } = by;
  const event = { at, kind: 'build.tests-accepted', actor, subject: `build/${id}` };
  await recordEvents(db, [{ ...event, data: { reason } }]);
  const text = `its tests were accepted: ${reason}`;
  return again(db, { t: 'again', build: id, reason: text }, { actor, builders, at });
}
