import type { RequestReason, Trust, Verdict } from '@weir/protocol';
import type { Builder } from '../farm/farm.ts';

/** A person's pause of a builder or worker. */
export interface Pause {
  readonly by: string;
  readonly reason: string;
}

/** What keeps a worker from builds after infrastructure ended its builds again and again. */
export interface Quarantine {
  /** Milliseconds UTC. */
  readonly until: number;
  readonly reason: string;
}

/** A builder of the farm file with what the store knows of it. */
export interface BuilderFacts extends Builder {
  readonly id: number;
  /** Of the runtime builder that makes what this one needs; its own for a runtime builder. */
  readonly runtimeBuilderId: number;
  readonly paused: Pause | null;
  readonly verdict: Verdict;
  /** Of its last build; null before the first. */
  readonly lastDurationMs: number | null;
  /** When its last build ended, milliseconds UTC; null before the first. */
  readonly lastFinishedAt: number | null;
  /** How often it broke, as far as the farm remembers. */
  readonly breakages: number;
}

/** A request in the state `waiting`. */
export interface WaitingRequest {
  readonly id: number;
  readonly builderId: number;
  readonly reason: RequestReason;
  readonly upstreamCommit: string;
  readonly upstreamPosition: number;
  readonly projectPosition: number | null;
  readonly createdAt: number;
  /** It is backing off until then. */
  readonly notBefore: number | null;
  readonly forWorkerId: number | null;
  readonly lostByWorkerId: number | null;
  readonly declinedBy: readonly number[];
}

/** An accepted worker. */
export interface WorkerFacts {
  readonly id: number;
  readonly name: string;
  readonly online: boolean;
  /** Detected and granted. */
  readonly labels: ReadonlySet<string>;
  readonly slots: number;
  /** Builds that may be offered to it now: its credit less the offers on their way. */
  readonly free: number;
  readonly trust: Trust;
  /** There are builds with a known answer for it to prove itself by; else, on probation, it takes any. */
  readonly isProbeable: boolean;
  readonly paused: Pause | null;
  readonly quarantined: Quarantine | null;
  readonly diskFull: boolean;
  /** Its agent can bring and fetch artifacts. */
  readonly hasArtifacts: boolean;
  /** Runtimes kept there, and those that failed there: `runtimeKey` each. */
  readonly kept: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
}

/** A build in the state `running` or `detached`. */
export interface RunningBuild {
  readonly builderId: number;
  readonly workerId: number;
  readonly upstreamCommit: string;
}

/** All that decides which request goes where, and why one waits. Times are milliseconds UTC. */
export interface DispatchFacts {
  readonly now: number;
  /** There is too little room for the farm's own data: it gives out no builds. */
  readonly isFarmFull: boolean;
  /** False: there is nobody to give out builds. An engine that asks need not say that it is there. */
  readonly isEngineAlive?: boolean;
  /** The builders of the farm file in force, by id; a request of any other one waits. */
  readonly builders: ReadonlyMap<number, BuilderFacts>;
  readonly requests: readonly WaitingRequest[];
  readonly workers: readonly WorkerFacts[];
  /** Workers that another engine gives builds to: who lost a request need not be first while one of them may take it. */
  readonly elsewhere?: readonly WorkerFacts[];
  readonly running: readonly RunningBuild[];
  /** The runtimes, by `runtimeKey`, that workers can fetch under the farm's policy. */
  readonly artifacts: Pick<ReadonlySet<string>, 'has'>;
  /** Slot-seconds of the last hour by family. */
  readonly slotSeconds: ReadonlyMap<string, number>;
}

/** Names one runtime among those of all builders: the runtime builder's id and the commit. */
export function runtimeKey(runtimeBuilderId: number, commit: string): string {
  return `${runtimeBuilderId}@${commit}`;
}

/** Whose share of the farm a builder uses, and whose `max-parallel` binds it: its project's or upstream's. */
export function familyOf(builder: Pick<Builder, 'project' | 'upstream'>): string {
  return builder.project === null ? `upstream:${builder.upstream}` : `project:${builder.project}`;
}

/** The name of the runtime builder that makes what this builder needs. */
export function runtimeBuilderName(
  builder: Pick<Builder, 'upstream' | 'trunk' | 'platform'>,
): string {
  return `${builder.upstream}/${builder.trunk}/${builder.platform}`;
}

/** How many builds run of each family that has a `max-parallel`. */
export function runningByFamily(facts: DispatchFacts): Map<string, number> {
  const running = new Map<string, number>();
  for (const { builderId } of facts.running) {
    const builder = facts.builders.get(builderId);
    if (!builder || builder.maxParallel === null) continue;
    const family = familyOf(builder);
    running.set(family, (running.get(family) ?? 0) + 1);
  }
  return running;
}
