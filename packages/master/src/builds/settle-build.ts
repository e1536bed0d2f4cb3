import type { Trial } from '@weir/model';
import { isConclusive, nextUsualMs, nextVerdict } from '@weir/model';
import type { Finding } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { builderOfRequest, setHead } from '../store/builders.ts';
import type { BuilderRow } from '../store/builders.ts';
import type { BuildEnd } from '../store/builds.ts';
import type { NewEvent } from '../store/events.ts';
import { putRuntime } from '../store/runtimes.ts';
import type { Database } from '../store/schema.ts';
import { judgeWorkerOf } from '../workers/judge-worker.ts';
import { endRequest } from './end-request.ts';

/** The build that ends, by what its rows hang on. */
export interface EndingBuild {
  readonly id: number;
  readonly number: number;
  readonly requestId: number;
  readonly workerId: number;
  readonly upstreamCommit: string;
  readonly startedAt: number;
  readonly trial: Trial | null;
  /** Why a person wanted it ended. */
  readonly cancelReason: string | null;
}

/**
 * What follows from a build that its worker finished: its request, the builder's head, what is held
 * against its worker and, for a runtime builder, what the worker now keeps. A trial whose answer is
 * known moves no head. Runs in the unit that ends the build. The events to record.
 */
export async function settleBuild(
  db: Kysely<Database>,
  build: EndingBuild,
  end: BuildEnd,
  maxAttempts: number,
): Promise<NewEvent[]> {
  const found = await builderOfRequest(db, build.requestId, build.workerId);
  if (found === undefined) throw new Error(`build ${build.id} has no builder`);
  const { builder, isOlder, isWorkerStruck } = found;
  const { result, at } = end;
  const finding = end.findings[0] ?? null;
  const isWanted = build.cancelReason === null && builder.active === 1;
  const retry = await endRequest(db, { ...build, result, finding, at, isWanted, maxAttempts });
  const isNews = build.trial === null || build.trial === 'open';
  if (isNews) await moveHead(db, builder, { ...build, isOlder }, end);
  if (builder.kind === 'runtime') await keepRuntime(db, builder, build, end);
  const event = buildEvent('build.finished', builder, build, at, {
    result,
    findings: end.findings,
    before: builder.verdict,
    green: builder.green_build_id,
    ...(build.trial !== null && { trial: build.trial }),
    ...retry,
  });
  if (!isWorkerStruck && isConclusive(result)) return [event];
  return [event, ...(await judgeWorkerOf(db, { ...build, builder, result, at }))];
}

/**
 * What the head of the column says from now on. A run of commits older than those of the newest
 * green build says nothing about the builder as it is: its verdict stays.
 */
export async function moveHead(
  db: Kysely<Database>,
  builder: BuilderRow,
  build: { id: number; startedAt: number; isOlder: boolean },
  { result, at }: Pick<BuildEnd, 'result' | 'at'>,
): Promise<void> {
  const { verdict, verdict_at, green_build_id, red_build_id, usual_ms } = builder;
  const head = { last_build_id: build.id, verdict: nextVerdict(verdict, result) };
  if (build.isOlder || !isConclusive(result)) {
    const unmoved = { verdict, verdict_at, green_build_id, red_build_id, usual_ms };
    await setHead(db, builder.id, { ...unmoved, last_build_id: build.id });
  } else if (result === 'failure') {
    const red = green_build_id === null ? null : (red_build_id ?? build.id);
    const since = { green_build_id, red_build_id: red, usual_ms };
    await setHead(db, builder.id, { ...head, verdict_at: at, ...since });
  } else {
    const usual = nextUsualMs(usual_ms, at - build.startedAt);
    const green = { green_build_id: build.id, red_build_id: null, usual_ms: usual };
    await setHead(db, builder.id, { ...head, verdict_at: at, ...green });
  }
}

async function keepRuntime(
  db: Kysely<Database>,
  builder: BuilderRow,
  build: EndingBuild,
  end: BuildEnd,
): Promise<void> {
  const isMade = end.result === 'success' || end.result === 'warnings';
  if (!isMade && end.result !== 'failure') return;
  await putRuntime(db, {
    worker_id: build.workerId,
    builder_id: builder.id,
    commit_hash: build.upstreamCommit,
    state: isMade ? 'kept' : 'failed',
    build_id: build.id,
    at: end.at,
  });
}

/** An event about a build says enough for a page to find the column and the cell. */
export function buildEvent(
  kind: string,
  builder: Pick<BuilderRow, 'name'>,
  build: { id: number; number: number; requestId: number },
  at: number,
  data: Readonly<Record<string, unknown>> & { findings?: readonly Finding[] },
): NewEvent {
  return {
    at,
    kind,
    actor: 'engine',
    subject: `build/${build.id}`,
    data: { builder: builder.name, number: build.number, request: build.requestId, ...data },
  };
}
