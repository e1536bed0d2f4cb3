import type { Wait } from '@weir/protocol';
import {
  type BuilderFacts,
  type DispatchFacts,
  familyOf,
  runningByFamily,
  type WaitingRequest,
  type WorkerFacts,
} from '../match/facts.ts';
import { hasRuntime, obstacles, stands } from '../match/obstacle.ts';
import { count, durationInWords } from './in-words.ts';
import { obstacleWait, pausedBy } from './obstacle-wait.ts';

/**
 * Why a request waits. The first line that holds decides. A line about workers holds when it applies
 * to all workers that the lines above it leave.
 *
 * | what holds                                                | reason                |
 * | --------------------------------------------------------- | --------------------- |
 * | its builder is paused or not in the farm file             | paused                |
 * | no engine is alive to give it to a worker                 | paused                |
 * | there is no room for the farm's own data                  | disk full             |
 * | its time after builds that were taken has not come        | backing off           |
 * | the workers lack its labels                               | no worker with label  |
 * | ... are not the one that it is meant for                  | no worker with label  |
 * | ... are offline                                           | no worker with label  |
 * | ... are quarantined                                       | quarantined           |
 * | ... are paused                                            | paused                |
 * | ... declined it                                           | declined by policy    |
 * | ... are on probation, and it is no trial of theirs        | no trusted builder    |
 * | ... are not trusted to make a runtime for others          | no trusted builder    |
 * | ... have an agent that can't share runtimes               | declined by policy    |
 * | ... are out of disk space                                 | disk full             |
 * | ... failed to make its runtime                            | waits for its runtime |
 * | `max-parallel` of its project or upstream is reached      | all busy              |
 * | ... do not keep its runtime, whose builder is paused      | paused                |
 * | ... do not keep its runtime, nor does the farm            | waits for its runtime |
 * | none of these                                             | all busy              |
 *
 * The last three leave out the worker that lost the request, as long as another one is left.
 *
 * The time it takes grows with the number of workers and of running builds.
 */
export function whyWaiting(request: WaitingRequest, facts: DispatchFacts): Wait {
  const builder = facts.builders.get(request.builderId);
  if (!builder) return { reason: 'paused', detail: 'its builder is not in the farm file' };
  const held = heldBack(request, builder, facts);
  if (held) return held;
  let workers = facts.workers;
  for (const obstacle of obstacles) {
    const left = workers.filter((worker) => !stands(obstacle, worker, request, builder));
    if (left.length === 0) return obstacleWait(obstacle, workers, builder, facts);
    workers = left;
  }
  return familyFull(builder, facts) ?? amongTheAble(request, builder, workers, facts);
}

/** Why none of those that may take it does. Nothing is hoped of the one that lost it while there is another. */
function amongTheAble(
  request: WaitingRequest,
  builder: BuilderFacts,
  able: readonly WorkerFacts[],
  facts: DispatchFacts,
): Wait {
  const others = able.filter(({ id }) => id !== request.lostByWorkerId);
  const wanted = others.length > 0 ? others : able;
  const wait =
    runtimeMissing(request, builder, wanted, facts) ?? slotsBusy(request, builder, wanted, facts);
  const avoided = able.find(
    (worker) =>
      worker.id === request.lostByWorkerId && hasRuntime(worker, request, builder, facts.artifacts),
  );
  if (avoided === undefined || others.length === 0) return wait;
  return { ...wait, detail: `not on ${avoided.name} again first; elsewhere ${wait.detail}` };
}

function heldBack(
  request: WaitingRequest,
  builder: BuilderFacts,
  { now, isFarmFull, isEngineAlive }: DispatchFacts,
): Wait | null {
  if (builder.paused) {
    return { reason: 'paused', detail: `${builder.name} is ${pausedBy(builder.paused)}` };
  }
  if (isEngineAlive === false) {
    return { reason: 'paused', detail: 'no engine of the farm is alive' };
  }
  if (isFarmFull) return { reason: 'disk full', detail: 'the farm itself is out of disk space' };
  if (request.notBefore === null || request.notBefore <= now) return null;
  const left = durationInWords(request.notBefore - now);
  return {
    reason: 'backing off',
    detail: `infrastructure took its build; the next try is in ${left}`,
  };
}

function familyFull(builder: BuilderFacts, facts: DispatchFacts): Wait | null {
  const { maxParallel } = builder;
  const running = runningByFamily(facts).get(familyOf(builder)) ?? 0;
  if (maxParallel === null || running < maxParallel) return null;
  const family = builder.project ?? builder.upstream;
  return {
    reason: 'all busy',
    detail: `${running} of at most ${count(maxParallel, 'build')} of ${family} run`,
  };
}

function runtimeMissing(
  request: WaitingRequest,
  builder: BuilderFacts,
  workers: readonly WorkerFacts[],
  facts: DispatchFacts,
): Wait | null {
  if (workers.some((worker) => hasRuntime(worker, request, builder, facts.artifacts))) return null;
  const maker = facts.builders.get(builder.runtimeBuilderId);
  const commit = request.upstreamCommit.slice(0, 10);
  if (maker?.paused) {
    return {
      reason: 'paused',
      detail: `${maker.name}, which makes its runtime, is ${pausedBy(maker.paused)}`,
    };
  }
  const isBuilding = facts.running.some(
    (build) => build.builderId === maker?.id && build.upstreamCommit === request.upstreamCommit,
  );
  const what = `${maker?.name ?? 'the runtime'} at ${commit}`;
  const held =
    maker && !isBuilding && builder.artifacts === 'trusted' && noMaker(request, maker, facts);
  if (held) return { ...held, detail: `${what} is not built: ${held.detail}` };
  return {
    reason: 'waits for its runtime',
    detail: `${what} ${isBuilding ? 'is being built' : 'is not built yet'}`,
  };
}

/** Nobody may make the runtime of a project's request. */
function noMaker(request: WaitingRequest, maker: BuilderFacts, facts: DispatchFacts): Wait | null {
  const asked = { ...request, builderId: maker.id, reason: 'runtime', forWorkerId: null } as const;
  const wait = whyWaiting(asked, facts);
  return wait.reason === 'no trusted builder' ? wait : null;
}

function slotsBusy(
  request: WaitingRequest,
  builder: BuilderFacts,
  workers: readonly WorkerFacts[],
  { artifacts }: DispatchFacts,
): Wait {
  const ready = workers.filter((worker) => hasRuntime(worker, request, builder, artifacts));
  let slots = 0;
  for (const worker of ready) slots += worker.slots;
  const names = count(ready.length, 'matching worker');
  const detail = ready.some((worker) => worker.free > 0)
    ? `a slot of ${names} is free; requests before it choose first`
    : `all ${count(slots, 'slot')} of ${names} are busy`;
  return { reason: 'all busy', detail };
}
