import type { Result } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { builderById } from '../store/builders.ts';
import type { BuildRow } from '../store/builds.ts';
import { endRunningSteps, finishBuild } from '../store/builds.ts';
import { recordEvents } from '../store/events.ts';
import type { Database } from '../store/schema.ts';
import { judgeWorkerOf } from '../workers/judge-worker.ts';
import { endRequest } from './end-request.ts';
import { buildEvent, moveHead } from './settle-build.ts';

export interface Loss {
  readonly text: string;
  readonly maxAttempts: number;
  /** Somebody took it away on purpose: that is not held against its worker. */
  readonly isMeant: boolean;
  readonly at: number;
}

/**
 * Infrastructure took a build: it is `lost`, and its request waits again as `endRequest` has it. A
 * build that a person wanted ended is cancelled instead. Runs in a unit; true when the request waits
 * again, undefined when the build has ended already or another link took it over.
 */
export async function loseBuild(
  db: Kysely<Database>,
  build: BuildRow,
  { text, maxAttempts, isMeant, at }: Loss,
): Promise<boolean | undefined> {
  const result: Result = build.cancel_reason === null ? 'lost' : 'cancelled';
  const end = { result, findings: [], text, environment: {}, at };
  if (!(await finishBuild(db, build.id, { epoch: build.epoch }, end))) return undefined;
  await endRunningSteps(db, build.id, { result, at });
  const builder = await builderById(db, build.builder_id);
  if (builder === undefined) throw new Error(`build ${build.id} has no builder`);
  const { id, number, request_id: requestId, worker_id: workerId, started_at: startedAt } = build;
  await moveHead(db, builder, { id, startedAt, isOlder: false }, end);
  const isWanted = builder.active === 1;
  const tried = { requestId, workerId, result, finding: null, at, isWanted, maxAttempts };
  const retry = await endRequest(db, tried);
  const retried = retry?.retried ?? false;
  const ended = { id, number, requestId };
  const event = buildEvent(`build.${result}`, builder, ended, at, { text, ...retry, retried });
  const run = { id, workerId, builder, startedAt, result, at };
  await recordEvents(db, [event, ...(isMeant ? [] : await judgeWorkerOf(db, run))]);
  return retried;
}
