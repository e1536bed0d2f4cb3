import type { WaitingRequest } from '@weir/model';
import type { Finding, RequestReason, Result } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import { recordEvents } from './events.ts';
import type { Database } from './schema.ts';
import type { RequestTable } from './schema/build.ts';

/** What waits. Written out, not bound, and ordered by `+id`: else SQLite walks the whole table by its ids. */
export const isWaiting = sql<boolean>`state = 'waiting'`;

export type RequestRow = Selectable<RequestTable>;

/** A row of a waiting request as the rules see it. */
export function toWaiting(request: RequestRow): WaitingRequest {
  return {
    id: request.id,
    builderId: request.builder_id,
    reason: request.reason,
    upstreamCommit: request.upstream_commit,
    upstreamPosition: request.upstream_position,
    projectPosition: request.project_position,
    createdAt: request.created_at,
    notBefore: request.not_before,
    forWorkerId: request.for_worker_id,
    lostByWorkerId: request.lost_by_worker_id,
    declinedBy: request.declined_json === '[]' ? [] : declinedBy(request),
  };
}

function declinedBy({ declined_json: json }: RequestRow): number[] {
  return JSON.parse(json) as number[];
}

export interface NewRequest {
  readonly builderId: number;
  readonly reason: RequestReason;
  readonly reasonText: string;
  readonly requestedBy: string;
  readonly upstreamCommit: string;
  readonly upstreamPosition: number;
  readonly projectCommit: string | null;
  readonly projectPosition: number | null;
  readonly createdAt: number;
  readonly forWorkerId?: number | null;
  /** Another worker is tried first. */
  readonly notFirstOn?: number;
  readonly againOf?: number;
}

export async function insertRequest(
  db: Kysely<Database>,
  request: NewRequest,
): Promise<RequestRow> {
  return db
    .insertInto('request')
    .values({
      builder_id: request.builderId,
      state: 'waiting',
      reason: request.reason,
      reason_text: request.reasonText,
      requested_by: request.requestedBy,
      upstream_commit: request.upstreamCommit,
      upstream_position: request.upstreamPosition,
      project_commit: request.projectCommit,
      project_position: request.projectPosition,
      created_at: request.createdAt,
      attempts: 0,
      for_worker_id: request.forWorkerId ?? null,
      lost_by_worker_id: request.notFirstOn ?? null,
      again_of: request.againOf ?? null,
      declined_json: '[]',
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Writes a request with its event, for a builder of this name. Runs in a unit. */
export async function askForBuild(
  db: Kysely<Database>,
  builder: string,
  request: NewRequest,
): Promise<RequestRow> {
  const row = await insertRequest(db, request);
  const { reason, reasonText: text, requestedBy: actor, createdAt: at } = request;
  const subject = `request/${row.id}`;
  const data = { builder, reason, text };
  await recordEvents(db, [{ at, kind: 'request.created', actor, subject, data }]);
  return row;
}

export function requestById(db: Kysely<Database>, id: number): Promise<RequestRow | undefined> {
  return db.selectFrom('request').selectAll().where('id', '=', id).executeTakeFirst();
}

/** All that waits, oldest first. */
export function waitingRequests(db: Kysely<Database>): Promise<RequestRow[]> {
  return db
    .selectFrom('request')
    .selectAll()
    .where(isWaiting)
    .orderBy(sql`+id`)
    .execute();
}

/** Those of the requests that wait. */
export function waitingAmong(db: Kysely<Database>, ids: readonly number[]): Promise<RequestRow[]> {
  return db
    .selectFrom('request')
    .selectAll()
    .where('id', 'in', ids)
    .where(isWaiting)
    .orderBy('id')
    .execute();
}

/** What a claim goes by: it is refused when that is so no more, or the worker may take no builds. */
export interface ClaimedAs {
  /** Of the request, as it was read: it may have been tried by another engine since. */
  readonly attempts: number;
  readonly workerId: number;
  /** The engine that has the worker's session; null in a farm of one process. */
  readonly engine: number | null;
}

/** Claims a request. False when somebody else did, or it was cancelled: then it is not ours. */
export async function claimRequest(
  db: Kysely<Database>,
  id: number,
  as?: ClaimedAs,
): Promise<boolean> {
  let claim = db
    .updateTable('request')
    .set({ state: 'claimed' })
    .where('id', '=', id)
    .where('state', '=', 'waiting');
  if (as !== undefined) {
    claim = claim
      .where('attempts', '=', as.attempts)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('worker')
            .select('worker.id')
            .where('worker.id', '=', as.workerId)
            .where('worker.engine', 'is not distinct from', as.engine)
            .where('worker.state', '=', 'accepted')
            .where('worker.paused_by', 'is', null)
            .where('worker.quarantined_until', 'is', null),
        ),
      );
  }
  const claimed = await claim.executeTakeFirst();
  return claimed.numUpdatedRows > 0n;
}

/** Gives a claimed request back to the queue after infrastructure lost its build. */
export async function requeueRequest(
  db: Kysely<Database>,
  id: number,
  lost: { attempts: number; byWorkerId: number; notBefore: number | null },
): Promise<void> {
  await db
    .updateTable('request')
    .set({
      state: 'waiting',
      attempts: lost.attempts,
      lost_by_worker_id: lost.byWorkerId,
      not_before: lost.notBefore,
    })
    .where('id', '=', id)
    .where('state', '=', 'claimed')
    .execute();
}

/** Gives a claimed request back that a worker did not want. */
export async function returnDeclined(
  db: Kysely<Database>,
  id: number,
  declined: { workers: readonly number[]; notBefore: number | null },
): Promise<void> {
  await db
    .updateTable('request')
    .set({
      state: 'waiting',
      declined_json: JSON.stringify(declined.workers),
      not_before: declined.notBefore,
    })
    .where('id', '=', id)
    .where('state', '=', 'claimed')
    .execute();
}

/** Ends a claimed request with the result of its build. */
export async function finishRequest(
  db: Kysely<Database>,
  id: number,
  end: { result: Result; finding: Finding | null; at: number; attempts?: number },
): Promise<void> {
  const { result, finding, at, attempts } = end;
  await db
    .updateTable('request')
    .set({
      state: 'done',
      result,
      finding,
      finished_at: at,
      ...(attempts !== undefined && { attempts }),
    })
    .where('id', '=', id)
    .where('state', 'in', ['claimed', 'waiting'])
    .execute();
}

/** Cancels a request that waits; superseded when another request covers it. False when it waits no more. */
export async function cancelRequest(
  db: Kysely<Database>,
  id: number,
  end: { at: number; supersededBy: number | null },
): Promise<boolean> {
  const cancelled = await db
    .updateTable('request')
    .set({
      state: 'cancelled',
      result: 'cancelled',
      superseded_by: end.supersededBy,
      finished_at: end.at,
    })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return cancelled.numUpdatedRows > 0n;
}

/** Every request of a builder for one upstream commit. */
export function requestsOfCommit(
  db: Kysely<Database>,
  builderId: number,
  upstreamCommit: string,
): Promise<RequestRow[]> {
  return db
    .selectFrom('request')
    .selectAll()
    .where('builder_id', '=', builderId)
    .where('upstream_commit', '=', upstreamCommit)
    .orderBy('id')
    .execute();
}
