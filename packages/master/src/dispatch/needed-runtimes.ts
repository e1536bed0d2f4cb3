import type { BuilderFacts, RuntimeHistory, RuntimeNeeded, WaitingRequest } from '@weir/model';
import { blockedByRuntime, runtimeKey } from '@weir/model';
import type { Kysely } from 'kysely';
import { recordEvents } from '../store/events.ts';
import type { RequestRow } from '../store/requests.ts';
import {
  askForBuild,
  finishRequest,
  requestsOfCommit,
  toWaiting,
  waitingRequests,
} from '../store/requests.ts';
import type { Database } from '../store/schema.ts';

/** Writes the request for a runtime that one worker needs for itself. Runs in a unit. */
export function requestRuntime(
  db: Kysely<Database>,
  needed: RuntimeNeeded,
  by: { builder: BuilderFacts; worker: string; at: number },
): Promise<RequestRow> {
  return askForBuild(db, by.builder.name, {
    builderId: needed.builder,
    reason: 'runtime',
    reasonText: `worker ${by.worker} needs it to run projects`,
    requestedBy: 'engine',
    upstreamCommit: needed.commit,
    upstreamPosition: needed.position,
    projectCommit: null,
    projectPosition: null,
    createdAt: by.at,
    forWorkerId: needed.worker,
  });
}

/**
 * Ends the waiting project requests whose runtime could be built nowhere: they say nothing about
 * their projects. Runs in a unit; the ids of the requests that it ended.
 */
export async function endBlocked(
  db: Kysely<Database>,
  builders: ReadonlyMap<number, BuilderFacts>,
  at: number,
): Promise<number[]> {
  const waiting = (await waitingRequests(db)).map(toWaiting);
  const histories = await runtimeHistories(db, waiting, builders);
  const blocked = blockedByRuntime(waiting, builders, histories);
  const builderOf = new Map(waiting.map((request) => [request.id, request.builderId]));
  for (const { request, result, finding } of blocked) {
    await finishRequest(db, request, { result, finding, at });
    const builder = builders.get(builderOf.get(request) ?? 0)?.name;
    const subject = `request/${request}`;
    await recordEvents(db, [
      { at, kind: 'request.skipped', actor: 'engine', subject, data: { builder, finding } },
    ]);
  }
  return blocked.map(({ request }) => request);
}

/** What was done for each runtime that a waiting project request needs. */
async function runtimeHistories(
  db: Kysely<Database>,
  waiting: readonly WaitingRequest[],
  builders: ReadonlyMap<number, BuilderFacts>,
): Promise<Map<string, RuntimeHistory>> {
  const histories = new Map<string, RuntimeHistory>();
  for (const { builderId, upstreamCommit } of waiting) {
    const builder = builders.get(builderId);
    if (builder?.kind !== 'project') continue;
    const key = runtimeKey(builder.runtimeBuilderId, upstreamCommit);
    if (histories.has(key)) continue;
    const asked = await requestsOfCommit(db, builder.runtimeBuilderId, upstreamCommit);
    histories.set(key, {
      isComing: asked.some(({ state }) => state === 'waiting' || state === 'claimed'),
      results: asked.flatMap(({ state, result }) => (state === 'done' && result ? [result] : [])),
    });
  }
  return histories;
}
