import type { RequestReason } from '@weir/protocol';
import { type BuilderFacts, runtimeKey, type WaitingRequest } from '../match/facts.ts';

export interface Superseded {
  readonly request: number;
  readonly by: number;
}

type Waiting = Pick<
  WaitingRequest,
  | 'id'
  | 'builderId'
  | 'reason'
  | 'upstreamCommit'
  | 'upstreamPosition'
  | 'projectPosition'
  | 'forWorkerId'
>;
type Builders = ReadonlyMap<number, Pick<BuilderFacts, 'kind' | 'runtimeBuilderId'>>;

/** These commits are wanted and no others, so that such a request neither collapses nor supersedes. */
const pinned: ReadonlySet<RequestReason> = new Set(['forced', 'again', 'probation']);

/**
 * The waiting requests that a newer one of the same builder covers, in order of id. The newest is
 * that of the highest trunk position, then project position, then id. Runtime requests for one
 * worker collapse among themselves, and none does whose runtime a remaining project request needs:
 * it would only be asked for again.
 *
 * `waiting` must hold all waiting requests of each trunk and platform that it holds one of.
 */
export function superseded(waiting: readonly Waiting[], builders: Builders): Superseded[] {
  const groups = Map.groupBy(
    waiting.filter((request) => !pinned.has(request.reason)),
    (request) => `${request.builderId} ${request.forWorkerId}`,
  );
  const older = [...groups.values()].flatMap(coveredByNewest);
  const projects = older.filter(({ request }) => !isRuntime(request, builders));
  const gone = new Set(projects.map(({ request }) => request.id));
  const wanted = wantedRuntimes(
    waiting.filter((request) => !gone.has(request.id)),
    builders,
  );
  return older
    .filter(({ request }) => !wanted.has(runtimeKey(request.builderId, request.upstreamCommit)))
    .map(({ request, by }) => ({ request: request.id, by }))
    .toSorted((a, b) => a.request - b.request);
}

function coveredByNewest(group: readonly Waiting[]): { request: Waiting; by: number }[] {
  const [newest, ...rest] = group.toSorted(newestFirst);
  return newest ? rest.map((request) => ({ request, by: newest.id })) : [];
}

function newestFirst(a: Waiting, b: Waiting): number {
  return (
    b.upstreamPosition - a.upstreamPosition ||
    (b.projectPosition ?? -1) - (a.projectPosition ?? -1) ||
    b.id - a.id
  );
}

function wantedRuntimes(waiting: readonly Waiting[], builders: Builders): Set<string> {
  const wanted = new Set<string>();
  for (const request of waiting) {
    const builder = builders.get(request.builderId);
    if (builder?.kind !== 'project') continue;
    wanted.add(runtimeKey(builder.runtimeBuilderId, request.upstreamCommit));
  }
  return wanted;
}

function isRuntime(request: Waiting, builders: Builders): boolean {
  return builders.get(request.builderId)?.kind === 'runtime';
}
