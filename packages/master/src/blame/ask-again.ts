import { isConclusive, mostConfirmingRuns } from '@weir/model';
import type { Result } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { LoggedEvent } from '../events/reader.ts';
import { suspicionOf } from '../store/breakages.ts';
import { builderById } from '../store/builders.ts';
import type { BuilderRow } from '../store/builders.ts';
import { buildById } from '../store/builds.ts';
import type { BuildRow } from '../store/builds.ts';
import type { RequestRow } from '../store/requests.ts';
import { askForBuild, requestById, requestsOfCommit } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';

/** A red build with what it was of. */
export interface RedBuild {
  readonly build: BuildRow;
  readonly builder: BuilderRow;
  readonly request: RequestRow;
  readonly at: number;
}

/** Asks for a second run of a red build's revisions, on another worker where there is one. */
export function askAgain(
  db: Kysely<Database>,
  { build, builder, request, at }: RedBuild,
): Promise<RequestRow> {
  return askForBuild(db, builder.name, {
    builderId: builder.id,
    reason: 'again',
    reasonText: `confirms or clears the failure of #${build.number}`,
    requestedBy: 'engine',
    upstreamCommit: request.upstream_commit,
    upstreamPosition: request.upstream_position,
    projectCommit: request.project_commit,
    projectPosition: request.project_position,
    createdAt: at,
    notFirstOn: build.worker_id,
    againOf: build.id,
  });
}

/** Whether a request ended with this event, and with no result that says something about the code. */
export function endsInconclusively({ kind, data }: LoggedEvent): boolean {
  switch (kind) {
    case 'build.finished':
      return data['retried'] !== true && !isConclusive(data['result'] as Result);
    case 'build.lost':
    case 'build.cancelled':
      return data['retried'] !== true;
    case 'request.cancelled':
    case 'request.skipped':
      return true;
    default:
      return false;
  }
}

/**
 * The run that was to confirm a red build came to no result: it is asked for once more, unless the
 * red build is suspected no more. Runs in a unit; what it wrote.
 */
export async function askOnceMore(
  db: Kysely<Database>,
  { subject }: LoggedEvent,
  at: number,
): Promise<RequestRow | undefined> {
  const ended = await requestOf(db, subject);
  if (ended === undefined || ended.again_of === null) return undefined;
  const suspicion = await suspicionOf(db, ended.builder_id);
  if (suspicion?.red_build_id !== ended.again_of) return undefined;
  const asked = await requestsOfCommit(db, ended.builder_id, ended.upstream_commit);
  const runs = asked.filter(({ again_of }) => again_of === ended.again_of);
  const isOpen = runs.some(({ state }) => state === 'waiting' || state === 'claimed');
  if (isOpen || runs.length >= mostConfirmingRuns) return undefined;
  const build = await buildById(db, ended.again_of);
  const builder = await builderById(db, ended.builder_id);
  if (build === undefined || builder === undefined) return undefined;
  return askAgain(db, { build, builder, request: ended, at });
}

async function requestOf(db: Kysely<Database>, subject: string): Promise<RequestRow | undefined> {
  const [noun, id] = subject.split('/');
  if (noun === 'request') return requestById(db, Number(id));
  const build = await buildById(db, Number(id));
  return build && requestById(db, build.request_id);
}
