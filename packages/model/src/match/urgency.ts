import { type BuilderFacts, familyOf, type WaitingRequest } from './facts.ts';
import { Heap } from './heap.ts';

/** What a build is taken to need where its builder has finished none. */
const unknownDurationMs = 5 * 60_000;

/** What never broke counts as half a breakage, so that the shorter of two such goes first. */
const neverBroke = 0.5;

/** A builder that is looked at for the first time counts as if the last time had been a day ago. */
const neverBuiltHours = 24;

/** A request that may be placed, with its builder. */
export interface Candidate {
  readonly request: WaitingRequest;
  readonly builder: BuilderFacts;
}

/** `tellingOf` is below it. */
const tellings = 1_024;

/** A way to order what waits; `urgency` is the farm's. Of two numbers the lower one comes first. */
export interface Order {
  /** What no family's use of the farm outweighs: a whole number. */
  readonly classOf: (candidate: Candidate) => number;
  /**
   * Families are compared by what they used in steps of so many slot-seconds before `tellingOf`, and
   * exactly after it. Infinity: after it alone. Null: not at all.
   */
  readonly fairStep: number | null;
  /** Among families that used about the same: a whole number from 0 to 1,023. */
  readonly tellingOf: (candidate: Candidate) => number;
}

/** Where a request stands before its age and what its family used count: the lower, the sooner. */
export function urgencyOf(candidate: Candidate, order: Order = urgency): number {
  return order.classOf(candidate) * tellings + order.tellingOf(candidate);
}

/**
 * The order in which requests deserve a slot. The first difference decides:
 *
 * 1. a runtime before a project
 * 2. the lower tier
 * 3. what a person asked for (`forced`, `again`)
 * 4. the builder that more often breaks in the time since its last build, for the time that a build
 *    takes, in steps that double: docs/scale.md shows that breakages are found soonest so
 * 5. the family that used less in the last hour
 * 6. the older request, then the lower id
 *
 * No project can take all, though fairness comes fifth: what waits of a builder collapses into one
 * request, and what has not been built for long gains on all the others, however busy the farm.
 */
export const urgency: Order = {
  classOf: ({ request, builder }) =>
    (builder.kind === 'runtime' ? 0 : 8) + 2 * builder.tier + (isPersonal(request) ? 0 : 1),
  fairStep: Infinity,
  tellingOf(candidate) {
    const { builder } = candidate;
    const expected = (builder.breakages + neverBroke) * unseenHours(candidate);
    return doublings(durationMs(builder) / 1_000 / expected);
  },
};

/** A candidate with what an order says of it. */
interface Ranked extends Candidate {
  readonly rank: number;
  readonly telling: number;
}

/** A family with its next candidate, `head`, and those after it, the next one last. */
interface Family {
  readonly head: Ranked;
  readonly rest: Ranked[];
  readonly slotSeconds: number;
}

/**
 * Offers the candidates to `place` in the order in which they deserve a slot. Where `place` answers
 * that it placed one, its family is charged for it before the next is chosen.
 */
export function placeInOrder(
  candidates: readonly Candidate[],
  slotSeconds: ReadonlyMap<string, number>,
  { classOf, tellingOf, fairStep }: Order,
  place: (candidate: Candidate) => boolean,
): void {
  const stepOf = ({ slotSeconds: used }: Family): number =>
    fairStep === null ? 0 : Math.floor(used / fairStep);
  const compare = (a: Family, b: Family): number =>
    a.head.rank - b.head.rank ||
    stepOf(a) - stepOf(b) ||
    a.head.telling - b.head.telling ||
    (fairStep === null ? 0 : a.slotSeconds - b.slotSeconds) ||
    compareAge(a.head, b.head);
  const byFamily = new Map<string, Ranked[]>();
  for (const candidate of candidates) {
    const name = familyOf(candidate.builder);
    const rank = classOf(candidate);
    const ranked = { ...candidate, rank, telling: tellingOf(candidate) };
    const members = byFamily.get(name);
    if (members) members.push(ranked);
    else byFamily.set(name, [ranked]);
  }
  const families = new Heap(compare);
  for (const [name, members] of byFamily) {
    const rest = members.toSorted((a, b) => compareWithoutUse(b, a));
    const head = rest.pop();
    if (head) families.push({ head, rest, slotSeconds: slotSeconds.get(name) ?? 0 });
  }
  for (let family = families.pop(); family; family = families.pop()) {
    const charge = place(family.head) ? durationMs(family.head.builder) / 1_000 : 0;
    const head = family.rest.pop();
    if (head) families.push({ ...family, head, slotSeconds: family.slotSeconds + charge });
  }
}

function compareWithoutUse(a: Ranked, b: Ranked): number {
  return a.rank - b.rank || a.telling - b.telling || compareAge(a, b);
}

function compareAge(a: Candidate, b: Candidate): number {
  return a.request.createdAt - b.request.createdAt || a.request.id - b.request.id;
}

function isPersonal({ reason }: WaitingRequest): boolean {
  return reason === 'forced' || reason === 'again';
}

/** How long nobody has looked at what the request is for: an hour at least, as commits come in crowds. */
function unseenHours({ request, builder }: Candidate): number {
  const { lastFinishedAt } = builder;
  if (lastFinishedAt === null) return neverBuiltHours;
  return Math.max(1, (request.createdAt - lastFinishedAt) / 3_600_000);
}

function durationMs(builder: BuilderFacts): number {
  return builder.lastDurationMs ?? unknownDurationMs;
}

/** A number of an order for any ratio above 0: one more each time that it doubles, 0 up to 2^-16. */
export function doublings(ratio: number): number {
  return Math.max(0, Math.min(63, Math.floor(16 + Math.log2(ratio))));
}
