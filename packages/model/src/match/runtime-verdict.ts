import type { Finding, Result } from '@weir/protocol';
import type { BuilderFacts, WaitingRequest } from './facts.ts';
import { runtimeOf } from './obstacle.ts';

/** What was done for one runtime, on all workers together. */
export interface RuntimeHistory {
  /** A request for it waits, or a build of it runs. */
  readonly isComing: boolean;
  /** Of all its builds that ended. */
  readonly results: readonly Result[];
}

export type RuntimeVerdict = 'absent' | 'coming' | 'built' | 'failed';

/**
 * Whether projects may hope for a runtime. It failed when builds of it ended, none of them well, and
 * nothing is left that may yet build it: whether that was the code's fault or not, there is no
 * runtime to run projects with.
 */
export function runtimeVerdict({ isComing, results }: RuntimeHistory): RuntimeVerdict {
  if (results.some((result) => result === 'success' || result === 'warnings')) return 'built';
  if (isComing) return 'coming';
  return results.length > 0 ? 'failed' : 'absent';
}

/** A waiting request that is to end without a build. */
export interface BlockedRequest {
  readonly request: number;
  readonly result: Extract<Result, 'skipped'>;
  readonly finding: Extract<Finding, 'runtime-failed'>;
}

/**
 * The waiting project requests whose runtime failed, in order of id. `histories` is by `runtimeKey`;
 * a runtime that is not in it is absent.
 */
export function blockedByRuntime(
  requests: readonly WaitingRequest[],
  builders: ReadonlyMap<number, BuilderFacts>,
  histories: ReadonlyMap<string, RuntimeHistory>,
): BlockedRequest[] {
  const blocked: BlockedRequest[] = [];
  for (const request of requests) {
    const builder = builders.get(request.builderId);
    if (builder?.kind !== 'project') continue;
    const history = histories.get(runtimeOf(request, builder));
    if (history && runtimeVerdict(history) === 'failed') {
      blocked.push({ request: request.id, result: 'skipped', finding: 'runtime-failed' });
    }
  }
  return blocked.toSorted((a, b) => a.request - b.request);
}
