import { clockSkewText } from '../layout/age.ts';

/** What is known of the time on the farm's machine, in milliseconds UTC. */
export interface ClockFacts {
  /** What the machine's clock shows. */
  readonly wall: number;
  /** The farm's own time: the machine's clock at the start, and what has passed since. */
  readonly now: number;
  readonly startedAt: number;
  /** Of the newest event from before the start; null for a new farm. */
  readonly newestAt: number | null;
}

/** Clocks are set right by so much every day. */
const toleratedMs = 60_000;
/** A farm that was down for longer is asked whether it was. */
const longAwayMs = 30 * 86_400_000;
/** After so long somebody has looked. */
const askedMs = 86_400_000;

/** What people are told of a clock that can't be trusted; null when there is nothing to tell. */
export function clockWarning({ wall, now, startedAt, newestAt }: ClockFacts): string | null {
  const jump = clockSkewText(wall - now, toleratedMs);
  if (jump !== null) {
    return `The clock of the farm's machine was set to ${jump} what it was. The farm goes on by its own time; when the clock is right, start the master again.`;
  }
  if (newestAt === null) return null;
  const isBehind = startedAt < newestAt && now < newestAt;
  const behind = isBehind ? clockSkewText(now - newestAt, toleratedMs) : null;
  if (behind !== null) {
    return `The clock of the farm's machine is ${behind} what the farm has seen. If it is wrong, set it right and start the master again.`;
  }
  const ahead = clockSkewText(startedAt - newestAt, longAwayMs);
  if (ahead === null || startedAt < newestAt || now - startedAt > askedMs) return null;
  return `The clock of the farm's machine is ${ahead} all that the farm has seen. If it was not away for so long, set the clock right and start the master again before logs and builds are dropped as old.`;
}
