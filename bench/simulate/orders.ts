import type { Candidate, Order } from '@weir/model';
import { urgency } from '@weir/model';

/** What an order may know of a builder beyond what the product's facts say. */
export interface Knowledge {
  /** Commits of its trunk that the builder has not judged, up to a position. */
  unjudged(builderId: number, position: number): number;
  /** The share of past breakages that broke what this builder tests. */
  breaks(candidate: Candidate): number;
}

export const orderNames = [
  'urgency',
  'as-asked',
  'short',
  'red',
  'fair',
  'short-unfair',
  'yield',
  'yield-unfair',
  'history',
  'history-unfair',
  'red-yield',
] as const;
export type OrderName = (typeof orderNames)[number];

const unfair = null;

/** Orderings to compare; all but `as-asked` keep runtimes, tiers and persons first. */
export function orderOf(name: OrderName, known: Knowledge): Order {
  const { classOf } = urgency;
  const like = (fairStep: number | null, tellingOf: Order['tellingOf']): Order => ({
    classOf,
    fairStep,
    tellingOf,
  });
  switch (name) {
    case 'urgency':
      return urgency;
    case 'as-asked':
      return like(unfair, () => 0);
    case 'short':
      return like(600, (candidate) => steps(seconds(candidate)));
    case 'red':
      return like(600, ({ builder }) => (builder.verdict === 'red' ? 0 : 1));
    case 'fair':
      return like(600, () => 0);
    case 'short-unfair':
      return like(unfair, (candidate) => steps(seconds(candidate)));
    case 'yield':
      return like(600, (candidate) => steps(seconds(candidate) / unjudged(candidate, known)));
    case 'yield-unfair':
      return like(unfair, (candidate) => steps(seconds(candidate) / unjudged(candidate, known)));
    case 'history':
      return like(600, (candidate) => steps(seconds(candidate) / likelyNews(candidate, known)));
    case 'history-unfair':
      return like(unfair, (candidate) => steps(seconds(candidate) / likelyNews(candidate, known)));
    case 'red-yield':
      return like(
        unfair,
        (candidate) =>
          (candidate.builder.verdict === 'red' ? 0 : 64) +
          Math.min(63, steps(seconds(candidate) / unjudged(candidate, known))),
      );
  }
}

function unjudged({ request }: Candidate, known: Knowledge): number {
  return Math.max(1, known.unjudged(request.builderId, request.upstreamPosition));
}

/** How likely the builder is to show a breakage that nobody has seen. */
function likelyNews(candidate: Candidate, known: Knowledge): number {
  return unjudged(candidate, known) * known.breaks(candidate);
}

function seconds({ builder }: Candidate): number {
  return Math.max(1, (builder.lastDurationMs ?? 300_000) / 1_000);
}

/** Steps that double, from a 2^16th on, as a number of an order. */
function steps(ratio: number): number {
  return Math.max(0, Math.min(1_023, Math.floor(16 + Math.log2(ratio))));
}
