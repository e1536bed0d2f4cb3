import type { Moved } from '@weir/protocol';

/** Two places on a branch: of the last green build, and of the first red one. */
export interface Reach {
  readonly green: number;
  readonly red: number;
}

/** Where a builder turned red. */
export interface Span {
  /** `UPSTREAM/TRUNK` */
  readonly trunk: string;
  /** Null for a runtime builder. */
  readonly project: string | null;
  readonly upstreamReach: Reach;
  /** Null for a builder without a project's repository. */
  readonly projectReach: Reach | null;
}

/** What changed between the last green build and the first red one. */
export function movedOf({ upstreamReach, projectReach }: Span): Moved {
  const hasUpstream = hasMoved(upstreamReach);
  const hasProject = projectReach !== null && hasMoved(projectReach);
  if (hasUpstream) return hasProject ? 'both' : 'upstream';
  return hasProject ? 'project' : 'neither';
}

export interface OpenBreakage {
  readonly id: number;
  /** Of every builder that shows it; at least one. */
  readonly spans: readonly Span[];
}

/**
 * The open breakage that a builder which turned red shows too; null when it is one of its own.
 * It is the same one when one change can explain all of them: a change of their trunk that every
 * builder first got between its last green and its first red, or, where that can't be, such a change
 * of their project. Of several the oldest.
 */
export function breakageShownBy(span: Span, open: readonly OpenBreakage[]): number | null {
  const shared =
    open.find(({ spans }) => haveCommonUpstream([...spans, span])) ??
    open.find(({ spans }) => haveCommonProject([...spans, span]));
  return shared?.id ?? null;
}

/** What moved for all the builders of a breakage together. */
export function movedOfAll(spans: readonly Span[]): Moved {
  const hasUpstream = haveCommonUpstream(spans);
  const hasProject = haveCommonProject(spans);
  if (hasUpstream) return hasProject ? 'both' : 'upstream';
  return hasProject ? 'project' : 'neither';
}

function haveCommonUpstream(spans: readonly Span[]): boolean {
  const trunks = new Set(spans.map(({ trunk }) => trunk));
  return trunks.size === 1 && overlap(spans.map(({ upstreamReach }) => upstreamReach));
}

function haveCommonProject(spans: readonly Span[]): boolean {
  const [first] = spans;
  const reaches = spans.flatMap(({ project, projectReach }) =>
    project !== null && project === first?.project && projectReach !== null ? [projectReach] : [],
  );
  return reaches.length === spans.length && overlap(reaches);
}

/** Whether some place lies after every green and not after any red. */
function overlap(reaches: readonly Reach[]): boolean {
  const green = Math.max(...reaches.map((reach) => reach.green));
  const red = Math.min(...reaches.map((reach) => reach.red));
  return green < red;
}

function hasMoved({ green, red }: Reach): boolean {
  return green < red;
}
