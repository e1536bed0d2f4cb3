import {
  type BuilderFacts,
  type DispatchFacts,
  runtimeKey,
  type WaitingRequest,
  type WorkerFacts,
} from './facts.ts';

/**
 * What may stand between a worker and a request, apart from a free slot and the runtime. In the order
 * of precedence: a request waits because of the obstacle that rules out the last of the workers.
 */
export const obstacles = [
  'labels missing',
  'meant for another worker',
  'offline',
  'quarantined',
  'paused',
  'declined',
  'not trusted',
  'no maker',
  'agent too old',
  'disk full',
  'runtime failed there',
] as const;
export type Obstacle = (typeof obstacles)[number];

type Rule = (worker: WorkerFacts, request: WaitingRequest, builder: BuilderFacts) => boolean;

const rules: Readonly<Record<Obstacle, Rule>> = {
  'labels missing': (worker, _request, { labels }) =>
    !labels.every((label) => worker.labels.has(label)),
  'meant for another worker': (worker, { forWorkerId }) =>
    forWorkerId !== null && forWorkerId !== worker.id,
  offline: (worker) => !worker.online,
  quarantined: (worker) => worker.quarantined !== null,
  paused: (worker) => worker.paused !== null,
  declined: (worker, { declinedBy }) => declinedBy.includes(worker.id),
  'not trusted': (worker, { reason, forWorkerId }) =>
    worker.trust === 'probation' &&
    worker.isProbeable &&
    reason !== 'probation' &&
    forWorkerId !== worker.id,
  'no maker': (worker, { reason }, { kind, artifacts }) =>
    kind === 'runtime' &&
    artifacts === 'trusted' &&
    worker.trust !== 'trusted' &&
    reason !== 'probation',
  'agent too old': ({ hasArtifacts }, _request, { artifacts }) =>
    artifacts !== 'same-worker' && !hasArtifacts,
  'disk full': (worker) => worker.diskFull,
  'runtime failed there': (worker, request, builder) =>
    builder.kind === 'project' &&
    builder.artifacts === 'same-worker' &&
    worker.failed.has(runtimeOf(request, builder)),
};

/** Whether the obstacle stands between this worker and this request. */
export function stands(
  obstacle: Obstacle,
  worker: WorkerFacts,
  request: WaitingRequest,
  builder: BuilderFacts,
): boolean {
  return rules[obstacle](worker, request, builder);
}

/** Whether the worker may take the request once it has a free slot and, for a project, the runtime. */
export function isAble(
  worker: WorkerFacts,
  request: WaitingRequest,
  builder: BuilderFacts,
): boolean {
  return !obstacles.some((obstacle) => stands(obstacle, worker, request, builder));
}

/** Whether the worker has, or can fetch, the runtime that a request of this builder needs. */
export function hasRuntime(
  worker: WorkerFacts,
  request: WaitingRequest,
  builder: BuilderFacts,
  artifacts: DispatchFacts['artifacts'],
): boolean {
  if (builder.kind === 'runtime') return true;
  const key = runtimeOf(request, builder);
  return builder.artifacts === 'same-worker' ? worker.kept.has(key) : artifacts.has(key);
}

/** The key of the runtime that a request's build makes or needs. */
export function runtimeOf(request: WaitingRequest, builder: BuilderFacts): string {
  return runtimeKey(builder.runtimeBuilderId, request.upstreamCommit);
}
