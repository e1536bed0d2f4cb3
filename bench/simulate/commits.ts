import type { Draw } from './draw.ts';
import { topics } from './draw.ts';

export interface Commit {
  readonly trunk: string;
  /** 1 for the first on its trunk. */
  readonly position: number;
  /** Milliseconds from the beginning. */
  readonly at: number;
  /** When a poll of the branch shows it. */
  readonly seenAt: number;
}

const dayMs = 86_400_000;
const pollMs = 60_000;

/**
 * The commits of a trunk until the end, in order: at random moments, of which there are four times as
 * many in the busy half of the day as in the other.
 */
export function commitsOf(
  trunk: { name: string; index: number; perDay: number },
  endMs: number,
  draw: Draw,
): Commit[] {
  const commits: Commit[] = [];
  const busiest = (1.6 * trunk.perDay) / dayMs;
  let at = 0;
  for (let n = 0; ; n++) {
    // Poisson arrivals at the busiest rate, thinned to the rate of the hour.
    at += -Math.log(1 - draw.uniform(topics.interval, trunk.index, 2 * n)) / busiest;
    if (at >= endMs) return commits;
    if (draw.uniform(topics.interval, trunk.index, 2 * n + 1) * 1.6 > busyness(at)) continue;
    const position = commits.length + 1;
    const seenAt = at + pollMs * draw.uniform(topics.poll, trunk.index, position);
    commits.push({ trunk: trunk.name, position, at: Math.round(at), seenAt: Math.round(seenAt) });
  }
}

function busyness(at: number): number {
  return (at % dayMs) * 2 < dayMs ? 1.6 : 0.4;
}
