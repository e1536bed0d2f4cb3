import { nextVerdict } from '@weir/model';
import type { Finding } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { builderById, setLastBuild } from '../store/builders.ts';
import type { BuilderRow } from '../store/builders.ts';
import type { BuildEnd } from '../store/builds.ts';
import type { NewEvent } from '../store/events.ts';
import { finishRequest } from '../store/requests.ts';
import { putRuntime } from '../store/runtimes.ts';
import type { Database } from '../store/schema.ts';

/** The build that ends, by what its rows hang on. */
export interface EndingBuild {
  readonly id: number;
  readonly number: number;
  readonly builderId: number;
  readonly requestId: number;
  readonly workerId: number;
  readonly upstreamCommit: string;
}

/**
 * What follows from a build that its worker finished: its request, the builder's head and, for a
 * runtime builder, what the worker now keeps. Runs in the unit that ends the build. The event to
 * record.
 */
export async function settleBuild(
  db: Kysely<Database>,
  build: EndingBuild,
  end: BuildEnd,
): Promise<NewEvent> {
  await finishRequest(db, build.requestId, {
    result: end.result,
    finding: end.findings[0] ?? null,
    at: end.at,
  });
  const builder = await builderById(db, build.builderId);
  if (builder === undefined) throw new Error(`build ${build.id} has no builder`);
  await moveHead(db, builder, build.id, end);
  if (builder.kind === 'runtime') await keepRuntime(db, builder, build, end);
  return buildEvent('build.finished', builder, build, end.at, {
    result: end.result,
    findings: end.findings,
  });
}

/** What the head of the column says from now on. */
export async function moveHead(
  db: Kysely<Database>,
  builder: BuilderRow,
  buildId: number,
  end: Pick<BuildEnd, 'result' | 'at'>,
): Promise<void> {
  const verdict = nextVerdict(builder.verdict, end.result);
  const isConclusive = ['success', 'warnings', 'failure'].includes(end.result);
  await setLastBuild(db, builder.id, {
    build: buildId,
    verdict,
    verdictAt: isConclusive ? end.at : builder.verdict_at,
  });
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
