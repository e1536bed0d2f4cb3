import type { Kysely } from 'kysely';
import { builderById } from '../store/builders.ts';
import type { BuildRow } from '../store/builds.ts';
import { endRunningSteps, finishBuild } from '../store/builds.ts';
import { recordEvents } from '../store/events.ts';
import { finishRequest, requestById, requeueRequest } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import { buildEvent, moveHead } from './settle-build.ts';

/** A request that lost its second build waits so long, twice as long after the third, and so on. */
const backOffMs = 5_000;
const maxBackOffMs = 300_000;

/**
 * Infrastructure took a build: it is `lost`, and its request waits again, at most `maxAttempts`
 * times in all, and only for a builder that the farm file still names. A build that a person wanted
 * ended is cancelled instead. Runs in a unit; true when the request waits again, undefined when the
 * build has ended already or another link took it over.
 */
export async function loseBuild(
  db: Kysely<Database>,
  build: BuildRow,
  lost: { text: string; maxAttempts: number; at: number },
): Promise<boolean | undefined> {
  const { at, text } = lost;
  const result = build.cancel_reason === null ? 'lost' : 'cancelled';
  const end = { result, findings: [], text, environment: {}, at } as const;
  if (!(await finishBuild(db, build.id, { epoch: build.epoch }, end))) return undefined;
  await endRunningSteps(db, build.id, { result, at });
  const builder = await builderById(db, build.builder_id);
  const request = await requestById(db, build.request_id);
  if (builder === undefined || request === undefined) {
    throw new Error(`build ${build.id} has no builder or request`);
  }
  const ended = { id: build.id, startedAt: build.started_at, isOlder: false };
  await moveHead(db, builder, ended, end);
  const attempts = request.attempts + 1;
  const isWanted = result === 'lost' && builder.active === 1;
  const isRetried = isWanted && attempts < lost.maxAttempts;
  if (isRetried) {
    await requeueRequest(db, request.id, {
      attempts,
      byWorkerId: build.worker_id,
      notBefore: attempts === 1 ? null : at + backOff(attempts),
    });
  } else {
    await finishRequest(db, request.id, { result, finding: null, at, attempts });
  }
  await recordEvents(db, [
    buildEvent(
      `build.${result}`,
      builder,
      { id: build.id, number: build.number, requestId: request.id },
      at,
      { text, attempts, retried: isRetried },
    ),
  ]);
  return isRetried;
}

function backOff(attempts: number): number {
  return Math.min(maxBackOffMs, backOffMs * 2 ** (attempts - 2));
}
