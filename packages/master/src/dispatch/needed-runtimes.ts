import type { BuilderFacts, RuntimeHistory, RuntimeNeeded, WaitingRequest } from '@weir/model';
import { blockedByRuntime, runtimeKey } from '@weir/model';
import type { Kysely } from 'kysely';
import { newestFor } from '../builds/objects/artifacts.ts';
import { artifactsOf } from '../store/artifacts.ts';
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

/**
 * Writes the request for a runtime that projects wait for, or that one worker needs for itself. Runs
 * in a unit. Undefined when one is on its way for all, or there by now.
 */
export async function requestRuntime(
  db: Kysely<Database>,
  needed: RuntimeNeeded,
  by: { builder: BuilderFacts; worker: string | null; at: number },
): Promise<RequestRow | undefined> {
  const { builder, worker, at } = by;
  if (worker === null && (await isThereOrComing(db, needed, builder))) return undefined;
  return askForBuild(db, builder.name, {
    builderId: needed.builder,
    reason: 'runtime',
    reasonText: worker === null ? 'projects need it' : `worker ${worker} needs it to run projects`,
    requestedBy: 'engine',
    upstreamCommit: needed.commit,
    upstreamPosition: needed.position,
    projectCommit: null,
    projectPosition: null,
    createdAt: at,
    forWorkerId: needed.worker,
  });
}

async function isThereOrComing(
  db: Kysely<Database>,
  { builder: id, commit }: RuntimeNeeded,
  { artifacts: policy }: BuilderFacts,
): Promise<boolean> {
  if (newestFor(policy, await artifactsOf(db, id, commit)) !== undefined) return true;
  const asked = await requestsOfCommit(db, id, commit);
  return asked.some(({ state }) => state === 'waiting' || state === 'claimed');
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
    const results = asked.flatMap(({ state, result }) =>
      state === 'done' && result ? [result] : [],
    );
    histories.set(key, {
      isComing: asked.some(({ state }) => state === 'waiting' || state === 'claimed'),
      // One that was built before may be dropped since: the last try says whether there is one to hope for.
      results: builder.artifacts === 'same-worker' ? results : results.slice(-1),
    });
  }
  return histories;
}
