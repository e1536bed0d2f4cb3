import type { Kysely } from 'kysely';
import {
  closeIfOver,
  closeMember,
  deleteSuspicion,
  deleteUnnamedSuspicions,
  insertSuspicion,
  unnamedMembers,
} from '../store/breakages.ts';
import type { BuilderRow } from '../store/builders.ts';
import type { BuildRow } from '../store/builds.ts';
import type { NewEvent } from '../store/events.ts';
import { recordEvents } from '../store/events.ts';
import type { RequestRow } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import { askAgain } from './ask-again.ts';
import { reviveSkipped } from './revive.ts';
import type { Held } from './standing.ts';

/** A build that ended, with all that its meaning hangs on. */
export interface Case {
  readonly build: BuildRow;
  readonly builder: BuilderRow;
  readonly request: RequestRow;
  readonly held: Held;
  readonly at: number;
}

/** Holds a red build against its builder until a second run agrees or disagrees, and asks for that. */
export async function suspect(
  db: Kysely<Database>,
  { build, builder, request, held, at }: Case,
): Promise<RequestRow> {
  if (held.greenBuildId === null) throw new Error(`builder ${builder.name} was never green`);
  await insertSuspicion(db, {
    builder_id: builder.id,
    green_build_id: held.greenBuildId,
    red_build_id: build.id,
  });
  const again = await askAgain(db, { build, builder, request, at });
  await recordEvents(db, [
    builderEvent('builder.suspected', builder, at, { build: build.id, again: again.id }),
  ]);
  return again;
}

/**
 * A second run disagrees. What it wrote: the requests that want a runtime which is there after all.
 */
export async function clear(
  db: Kysely<Database>,
  { build, builder, request, held, at }: Case,
): Promise<RequestRow[]> {
  await deleteSuspicion(db, builder.id);
  const data = { red: held.suspicion?.red_build_id ?? null, green: build.id };
  await recordEvents(db, [builderEvent('builder.cleared', builder, at, data)]);
  if (builder.kind !== 'runtime') return [];
  return reviveSkipped(db, builder, request.upstream_commit, at);
}

/** A builder that showed a breakage is green. */
export async function close(
  db: Kysely<Database>,
  { build, builder, held, at }: Case,
): Promise<void> {
  const { member } = held;
  if (member === undefined) return;
  await recordEvents(db, [await endMember(db, member, builder.name, { build: build.id, at })]);
}

/** Builders that the farm file names no more show nothing. Runs in a unit. */
export async function closeUnnamed(db: Kysely<Database>, at: number): Promise<void> {
  await deleteUnnamedSuspicions(db);
  for (const member of await unnamedMembers(db)) {
    await recordEvents(db, [await endMember(db, member, member.builder, { build: null, at })]);
  }
}

async function endMember(
  db: Kysely<Database>,
  member: { breakage_id: number; builder_id: number },
  builder: string,
  { build, at }: { build: number | null; at: number },
): Promise<NewEvent> {
  await closeMember(db, member, { build, at });
  const isOver = await closeIfOver(db, member.breakage_id, at);
  return {
    at,
    kind: isOver ? 'breakage.closed' : 'breakage.shrank',
    actor: 'engine',
    subject: `breakage/${member.breakage_id}`,
    data: { builder, build },
  };
}

function builderEvent(
  kind: string,
  builder: BuilderRow,
  at: number,
  data: Readonly<Record<string, unknown>>,
): NewEvent {
  return { at, kind, actor: 'engine', subject: `builder/${builder.name}`, data };
}
