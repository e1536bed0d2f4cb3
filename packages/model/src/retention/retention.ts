/** How long a farm keeps what; milliseconds. Events have a limit of their own. */
export interface Retention {
  /** Builds with their steps, logs and requests. */
  readonly buildsMs: number;
  /** What the steps printed. */
  readonly logsMs: number;
  /** All artifacts; of older ones there is a ladder. */
  readonly artifactsMs: number;
  /** Notices with their deliveries. */
  readonly noticesMs: number;
}

/** Of each builder so many builds stay, however old: a column must not become empty by itself. */
export const newestBuildsKept = 100;
/** Of these the logs stay too. */
export const newestLogsKept = 10;

export interface AgingBuild {
  readonly finishedAt: number;
  /** How many builds of its builder are newer. */
  readonly newer: number;
  /** A verdict, a suspicion or a breakage goes back to it. */
  readonly isEvidence: boolean;
}

/** What has to go of a finished build: nothing, its logs, or all of it. */
export function expiryOf(
  { finishedAt, newer, isEvidence }: AgingBuild,
  { now, retention }: { now: number; retention: Retention },
): 'keep' | 'drop-logs' | 'drop' {
  if (isEvidence) return 'keep';
  const age = now - finishedAt;
  if (newer >= newestBuildsKept && age > retention.buildsMs) return 'drop';
  return newer >= newestLogsKept && age > retention.logsMs ? 'drop-logs' : 'keep';
}

const dayMs = 86_400_000;

/**
 * The time by which a round tells what is old. It follows the clock, but by no more than a day with
 * each round: a clock that is a year ahead takes what is kept away slowly enough to be noticed, and a
 * farm that was down for weeks catches up within hours.
 */
export function nextRetentionTime(before: number | null, now: number): number {
  return before === null ? now : Math.min(now, before + dayMs);
}

/** Of the artifacts that are too old to be all kept, every eighth commit's is, then every 64th's. */
const rung = 8;

/**
 * Whether an artifact is kept: all while they are young, then fewer and fewer, so that a search over
 * old commits finds some that are built. What is dropped can be built again.
 *
 * @param position of its commit on the trunk's first-parent line
 */
export function keepsArtifact(
  { madeAt, position }: { madeAt: number; position: number },
  { now, retention }: { now: number; retention: Retention },
): boolean {
  const age = now - madeAt;
  if (age >= retention.buildsMs) return false;
  if (age < retention.artifactsMs) return true;
  return position % (age < rung * retention.artifactsMs ? rung : rung * rung) === 0;
}
