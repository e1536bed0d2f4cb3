import type { Result } from '@weir/protocol';
import { isConclusive, isTaken } from '../results/results.ts';
import { durationInWords } from '../waits/in-words.ts';

const firstMs = 10_000;
/** No quarantine is longer, in milliseconds, while nothing on the farm comes to a result. */
const longestUnsureMs = 60_000;
/** No quarantine is longer, in milliseconds. */
export const longestQuarantineMs = 3_600_000;

/** The owner hears of a quarantine that is longer, in milliseconds. */
export const quietQuarantineMs = 600_000;

/** A build that ended on a worker. */
export interface WorkerRun {
  readonly result: Result;
  readonly startedAt: number;
  /** What it was a build of, as `familyOf` names it. */
  readonly family: string;
}

/** What is held against a worker. Times are milliseconds UTC. */
export interface Strikes {
  readonly count: number;
  /** When the last one was given; null before the first. */
  readonly at: number | null;
  /** What the build was one of that it was given for. */
  readonly family: string | null;
}

/** How other workers fared with builds of the same family; null where there is no such build. */
export interface Elsewhere {
  /** Infrastructure took one then, and no worker has brought one to a result since. */
  readonly takenAt: number | null;
  /** One came to a result then. */
  readonly builtAt: number | null;
}

/** A build of one family that ended at a time, in milliseconds UTC. */
export interface FamilyRun {
  readonly workerId: number;
  readonly result: Result;
  readonly at: number;
}

/** How other workers than this one fared with a family's newest builds. */
export function fareElsewhere(runs: readonly FamilyRun[], workerId: number): Elsewhere {
  const others = runs.filter((run) => run.workerId !== workerId);
  const lastBuilt = newest(runs, isConclusive);
  const takenAt = newest(others, isTaken);
  const isOpen = takenAt !== null && takenAt > (lastBuilt ?? 0);
  return { takenAt: isOpen ? takenAt : null, builtAt: newest(others, isConclusive) };
}

function newest(runs: readonly FamilyRun[], counts: (result: Result) => boolean): number | null {
  const times = runs.flatMap(({ result, at }) => (counts(result) ? [at] : []));
  return times.length === 0 ? null : Math.max(...times);
}

/**
 * What a build says about its worker: it is `sane`, which ends what is held against it; it gets a
 * `strike`; or `nothing`. The first line that holds decides.
 *
 * | what holds                                                             | it says |
 * | ---------------------------------------------------------------------- | ------- |
 * | it began before the last strike: what it shows is known                | nothing |
 * | it came to a result: success, warnings, failure                        | sane    |
 * | it was cancelled or skipped                                            | nothing |
 * | infrastructure took its project's builds on another worker too, and    | nothing |
 * | none came to a result since: it is the project's fault                 |         |
 * | the last strike was for the same project, which no other worker has    | nothing |
 * | built since: it may be either's fault                                  |         |
 * | none of these                                                          | strike  |
 *
 * For a runtime, its upstream stands for the project. So a project whose repository is gone costs
 * each worker one strike at most, and one strike costs nothing.
 */
export function judgeWorker(
  run: WorkerRun,
  strikes: Strikes,
  elsewhere: Elsewhere,
): 'sane' | 'strike' | 'nothing' {
  if (strikes.at !== null && run.startedAt < strikes.at) return 'nothing';
  if (isConclusive(run.result)) return 'sane';
  if (!isTaken(run.result) || elsewhere.takenAt !== null) return 'nothing';
  const isSame = strikes.count > 0 && strikes.family === run.family;
  const isBuiltSince = elsewhere.builtAt !== null && elsewhere.builtAt > (strikes.at ?? 0);
  return isSame && !isBuiltSince ? 'nothing' : 'strike';
}

/**
 * How long a worker is quarantined after so many strikes in a row, in milliseconds: not at all after
 * the first, 10 s after the second, twice as long after each further one, at most 1 h.
 *
 * @param isFarmSound something came to a result since the strike before: else the fault may lie with
 *   no worker, but with a network or a code host that all of them need, and 1 min is the most
 */
export function quarantineMs(strikes: number, isFarmSound: boolean): number {
  if (strikes < 2) return 0;
  const longestMs = isFarmSound ? longestQuarantineMs : longestUnsureMs;
  return Math.min(longestMs, firstMs * 2 ** (strikes - 2));
}

/** The rule for people, as pages and mails print it. */
export const quarantineRule: readonly string[] = [
  `Infrastructure takes a build when its checkout, its sandbox, the disk or the machine fails. The second time in a row a worker takes no builds for ${durationInWords(firstMs)}, then twice as long each time, ${durationInWords(longestQuarantineMs)} at most.`,
  'One build that comes to a result, red or green, ends that; so does an admin who releases the worker.',
  `What infrastructure takes on several workers is held against the project, not against them. While nothing on the farm comes to a result, ${durationInWords(longestUnsureMs)} is the most.`,
];
