import type { Candidate, Order } from '@weir/model';
import { doublings, urgency } from '@weir/model';

/** What an order may know of a builder beyond what the product's facts say. */
export interface Knowledge {
  /** Commits of its trunk that the builder has not judged, up to a position. */
  unjudged(builderId: number, position: number): number;
}

export const orderNames = [
  'urgency',
  'as-asked',
  'short',
  'red-short-fair',
  'unjudged',
  'breaks-fair',
  'breaks-red',
  'breaks-unjudged',
] as const;
export type OrderName = (typeof orderNames)[number];

/**
 * Orderings to compare. All keep runtimes, tiers and persons first, and all but those that say fair
 * leave a family's use of the farm out.
 */
export function orderOf(name: OrderName, known: Knowledge): Order {
  const like = (tellingOf: Order['tellingOf'], fairStep: number | null = null): Order => ({
    classOf: urgency.classOf,
    fairStep,
    tellingOf,
  });
  const breaks = ({ builder }: Candidate): number => builder.breakages + 0.5;
  const unjudged = ({ request }: Candidate): number =>
    Math.max(1, known.unjudged(request.builderId, request.upstreamPosition));
  const isRed = ({ builder }: Candidate): boolean => builder.verdict === 'red';
  switch (name) {
    case 'urgency':
      return urgency;
    case 'as-asked':
      return like(() => 0);
    case 'short':
      return like((each) => doublings(seconds(each)));
    case 'red-short-fair':
      return like((each) => (isRed(each) ? 0 : 64) + doublings(seconds(each)), 600);
    case 'unjudged':
      return like((each) => doublings(seconds(each) / unjudged(each)));
    case 'breaks-fair':
      return like((each) => doublings(seconds(each) / breaks(each)), 600);
    case 'breaks-red':
      return like((each) => (isRed(each) ? 0 : 64) + doublings(seconds(each) / breaks(each)));
    case 'breaks-unjudged':
      return like((each) => doublings(seconds(each) / breaks(each) / unjudged(each)));
  }
}

function seconds({ builder }: Candidate): number {
  return Math.max(1, (builder.lastDurationMs ?? 300_000) / 1_000);
}
