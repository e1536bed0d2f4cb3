/** Something that was lost, or is not as it was. */
export interface Loss {
  /** Which promise was broken. */
  readonly judge: JudgeName;
  /** What it is about: `build/7`. */
  readonly subject: string;
  readonly text: string;
  /** Files in the run's folder in which to look. */
  readonly look: readonly string[];
}

/** What is judged, in the order of the report. */
export const judgeNames = {
  requests: 'every request has exactly one final result',
  results: "results are those of the builds' own ledgers",
  lost: 'a build is lost only where a fault took it',
  logs: 'confirmed logs are byte-exact',
  events: 'event numbers without a gap, nothing seen is gone',
  notices: 'every notice was received',
  repeats: 'notices repeat only where they may',
  leftovers: 'nothing left behind',
  crashes: 'nothing ended by itself',
} as const;
export type JudgeName = keyof typeof judgeNames;

/** A worker's own files. */
export function filesOfWorker(name: string): string[] {
  return [`${name}.log`, `${name}/slots/`];
}
