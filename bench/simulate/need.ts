import type { Outcome } from './outcome.ts';

/**
 * What one build costs the farm. Measured: see docs/scale.md for how and when. Bytes of logs and
 * artifacts are guesses about suites, not measurements of Weir.
 */
export const costs = {
  /** All threads of the master for one build of one step that prints next to nothing, milliseconds of one core. */
  engineMsPerBuild: 7.5,
  /** What a unit costs that writes a commit's requests, milliseconds of one core for each. */
  engineMsPerRequest: 0.1,
  /** At most, as a test counts. */
  statementsPerBuild: 20,
  /** Rows and indices of a request, its build, step, logs and events. */
  storeBytesPerBuild: 2_000,
  /** A request that is written and superseded. */
  storeBytesPerRequest: 300,
  /** Log of a suite, as stored: 200 kB of text, packed to a fifth. */
  logBytesPerBuild: 40_000,
  /** A packed runtime. */
  artifactBytes: 60_000_000,
  /** An engine is full at this part of a core: the rest is for pages, peaks and recovery. */
  fullPercent: 50,
  /** Defaults of `retention`, in days. */
  keptDays: { builds: 730, logs: 90, artifacts: 30 },
} as const;

/** What a fleet asks of engines, store and disks. Bytes are of one day unless they say otherwise. */
export interface Need {
  readonly buildsPerSecond: number;
  /** Of one core, on average and in the busiest minute. */
  readonly enginePercent: number;
  readonly enginePeakPercent: number;
  readonly engines: number;
  readonly statementsPerSecond: number;
  /** The writer is busy for so long with the requests of one commit, and answers nobody meanwhile. */
  readonly longestUnitSeconds: number;
  readonly storeBytes: number;
  readonly logBytes: number;
  readonly artifactBytes: number;
  /** With the default retention, at the end. */
  readonly keptStoreBytes: number;
  readonly keptLogBytes: number;
  readonly keptArtifactBytes: number;
  /** Runtimes that workers fetch, megabytes a second: each worker fetches each runtime once. */
  readonly fetchMbPerSecond: number;
}

export function needOf(outcome: Outcome): Need {
  const { builds, buildsPerDay, runtimes, superseded, mostBuildsPerSecond } = outcome;
  const days = builds / buildsPerDay;
  const enginePercent = (buildsPerDay / 86_400) * (costs.engineMsPerBuild / 10);
  const enginePeakPercent = mostBuildsPerSecond * (costs.engineMsPerBuild / 10);
  const storeBytes =
    buildsPerDay * costs.storeBytesPerBuild + (superseded / days) * costs.storeBytesPerRequest;
  const logBytes = buildsPerDay * costs.logBytesPerBuild;
  const hasProjects = runtimes < builds;
  const artifactBytes = hasProjects ? (runtimes / days) * costs.artifactBytes : 0;
  return {
    buildsPerSecond: buildsPerDay / 86_400,
    enginePercent,
    enginePeakPercent,
    engines: Math.max(1, Math.ceil(enginePeakPercent / costs.fullPercent)),
    statementsPerSecond: mostBuildsPerSecond * costs.statementsPerBuild,
    longestUnitSeconds: (outcome.mostWaiting * costs.engineMsPerRequest) / 1_000,
    storeBytes,
    logBytes,
    artifactBytes,
    keptStoreBytes: storeBytes * costs.keptDays.builds,
    keptLogBytes: logBytes * costs.keptDays.logs,
    keptArtifactBytes: artifactBytes * costs.keptDays.artifacts,
    fetchMbPerSecond: (artifactBytes * outcome.machines) / 3 / 86_400 / 1e6,
  };
}
