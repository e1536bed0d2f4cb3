import type { Simulation } from './simulation.ts';

/** A distribution in minutes: the half, the worst tenth, and the mean. */
export interface Spread {
  readonly p50: number;
  readonly p90: number;
  readonly mean: number;
}

/** What one simulation says. Minutes count from the moment a commit was made. */
export interface Outcome {
  readonly builders: number;
  readonly machines: number;
  readonly slots: number;
  readonly triggers: number;
  readonly requests: number;
  readonly superseded: number;
  readonly builds: number;
  readonly runtimes: number;
  readonly buildsPerDay: number;
  /** Of all slots, until the last build ended. */
  readonly busyPercent: number;
  readonly meanBuildMinutes: number;
  readonly mostWaiting: number;
  /** In the busiest minute: what engines and store must keep up with. */
  readonly mostBuildsPerSecond: number;
  /** From a commit to its first verdict, to those of half and of nine tenths of its builders, to the last. */
  readonly firstVerdict: Spread;
  readonly halfOfVerdicts: Spread;
  readonly mostVerdicts: Spread;
  readonly lastVerdict: Spread;
  readonly breakages: number;
  /** Breakages that were fixed before any builder showed them. */
  readonly unseen: number;
  /** From a breaking commit to the first builder that shows it ... */
  readonly firstRed: Spread;
  /** ... and to each one that does. */
  readonly eachRed: Spread;
  /** Of the builders that breakages broke, those that never showed it. */
  readonly unseenPercent: number;
  /** Processor time of the product's matching for each build on this machine, microseconds. */
  readonly matchingUsPerBuild: number;
}

const dayMs = 86_400_000;

export function outcomeOf(simulation: Simulation): Outcome {
  const { tally, verdicts, machines, slots, builders } = simulation;
  const commits = verdicts.commits();
  const breakages = verdicts.breakages();
  const seen = breakages.flatMap(({ seenAfter }) => seenAfter);
  const broken = breakages.reduce((sum, { of }) => sum + of, 0);
  const first = breakages.flatMap(({ seenAfter }) => seenAfter.slice(0, 1));
  const { requests, superseded, builds, runtimes, triggers, mostWaiting, endedAt } = tally;
  return {
    builders,
    machines,
    slots,
    triggers,
    requests,
    superseded,
    builds,
    runtimes,
    buildsPerDay: Math.round((builds * dayMs) / endedAt),
    busyPercent: rounded((100 * tally.slotMs) / (slots * endedAt)),
    meanBuildMinutes: rounded(tally.slotMs / builds / 60_000),
    mostWaiting,
    mostBuildsPerSecond: rounded(tally.mostBuildsPerMinute / 60),
    firstVerdict: spreadOf(commits.map((commit) => commit.first)),
    halfOfVerdicts: spreadOf(commits.map((commit) => commit.half)),
    mostVerdicts: spreadOf(commits.map((commit) => commit.most)),
    lastVerdict: spreadOf(commits.map((commit) => commit.last)),
    breakages: breakages.length,
    unseen: breakages.length - first.length,
    firstRed: spreadOf(first),
    eachRed: spreadOf(seen),
    unseenPercent: rounded((100 * (broken - seen.length)) / Math.max(1, broken)),
    matchingUsPerBuild: Math.round((1_000 * tally.decidingMs) / builds),
  };
}

function spreadOf(times: readonly (number | undefined)[]): Spread {
  const minutes = times
    .flatMap((ms) => (ms === undefined ? [] : ms / 60_000))
    .toSorted((a, b) => a - b);
  const at = (share: number): number =>
    minutes[Math.min(minutes.length - 1, Math.floor(minutes.length * share))] ?? Number.NaN;
  const sum = minutes.reduce((total, each) => total + each, 0);
  return { p50: rounded(at(0.5)), p90: rounded(at(0.9)), mean: rounded(sum / minutes.length) };
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}
