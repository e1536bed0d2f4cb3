/** How long a farm keeps what; milliseconds. Events have a limit of their own. */
export interface Retention {
  /** Builds with their steps, logs and requests. */
  readonly buildsMs: number;
  /** What the steps printed. */
  readonly logsMs: number;
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
