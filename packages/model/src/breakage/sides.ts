import { movedOfAll } from './span.ts';
import type { Span } from './span.ts';

/** A branch that may hold the change which broke something, and where on it. */
export interface SuspectSide {
  /** A followed branch's name: of the trunk, or of the project. */
  readonly branch: string;
  /** The last place that was green for all. */
  readonly green: number;
  /** The first place that was red for one. The change is after `green` and not after `red`. */
  readonly red: number;
}

/** Where the one change may be that explains all of these builders; the trunk first. */
export function suspectSides(spans: readonly Span[]): SuspectSide[] {
  const [first] = spans;
  if (first === undefined) return [];
  const moved = movedOfAll(spans);
  const sides: SuspectSide[] = [];
  if (moved === 'upstream' || moved === 'both') {
    const reaches = spans.map(({ upstreamReach }) => upstreamReach);
    sides.push({ branch: first.trunk, ...narrowed(reaches) });
  }
  if ((moved === 'project' || moved === 'both') && first.project !== null) {
    const reaches = spans.flatMap(({ projectReach }) => projectReach ?? []);
    sides.push({ branch: first.project, ...narrowed(reaches) });
  }
  return sides;
}

function narrowed(reaches: readonly { green: number; red: number }[]): {
  green: number;
  red: number;
} {
  return {
    green: Math.max(...reaches.map(({ green }) => green)),
    red: Math.min(...reaches.map(({ red }) => red)),
  };
}
