import { type BuilderFacts, familyOf, type WaitingRequest } from './facts.ts';
import { Heap } from './heap.ts';

/** Families are compared by what they used in steps of so many slot-seconds. */
const fairStep = 600;
/** What a build is taken to need where its builder has finished none. */
const unknownDurationMs = 5 * 60_000;

/** A request that may be placed, with its builder. */
export interface Candidate {
  readonly request: WaitingRequest;
  readonly builder: BuilderFacts;
}

/** A family with its next candidate, `head`, and those after it, the next one last. */
interface Family {
  readonly head: Candidate;
  readonly rest: Candidate[];
  readonly slotSeconds: number;
}

/**
 * Offers the candidates to `place` in the order in which they deserve a slot. The first difference
 * decides:
 *
 * 1. a runtime before a project
 * 2. the lower tier
 * 3. what a person asked for (`forced`, `again`)
 * 4. the family that used less in the last hour, in steps of ten slot-minutes: all have equal shares
 * 5. a builder that is red
 * 6. the shorter build, in steps that double
 * 7. the family that used less, exactly
 * 8. the older request, then the lower id
 *
 * Where `place` answers that it placed one, its family is charged for it before the next is chosen.
 */
export function placeByUrgency(
  candidates: readonly Candidate[],
  slotSeconds: ReadonlyMap<string, number>,
  place: (candidate: Candidate) => boolean,
): void {
  const families = new Heap(compareFamilies);
  const byFamily = Map.groupBy(candidates, ({ builder }) => familyOf(builder));
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

function compareFamilies(a: Family, b: Family): number {
  return (
    compareClass(a.head, b.head) ||
    Math.floor(a.slotSeconds / fairStep) - Math.floor(b.slotSeconds / fairStep) ||
    compareTelling(a.head, b.head) ||
    a.slotSeconds - b.slotSeconds ||
    compareAge(a.head, b.head)
  );
}

function compareWithoutUse(a: Candidate, b: Candidate): number {
  return compareClass(a, b) || compareTelling(a, b) || compareAge(a, b);
}

function compareClass(a: Candidate, b: Candidate): number {
  return (
    Number(b.builder.kind === 'runtime') - Number(a.builder.kind === 'runtime') ||
    a.builder.tier - b.builder.tier ||
    Number(isPersonal(b)) - Number(isPersonal(a))
  );
}

/** Which of them is the more likely to tell something soon. */
function compareTelling(a: Candidate, b: Candidate): number {
  return (
    Number(b.builder.verdict === 'red') - Number(a.builder.verdict === 'red') ||
    durationStep(a.builder) - durationStep(b.builder)
  );
}

function compareAge(a: Candidate, b: Candidate): number {
  return a.request.createdAt - b.request.createdAt || a.request.id - b.request.id;
}

function isPersonal({ request }: Candidate): boolean {
  return request.reason === 'forced' || request.reason === 'again';
}

function durationMs(builder: BuilderFacts): number {
  return builder.lastDurationMs ?? unknownDurationMs;
}

/** 0 below a minute, 1 below three, 2 below seven, and so on. */
function durationStep(builder: BuilderFacts): number {
  return Math.floor(Math.log2(1 + durationMs(builder) / 60_000));
}
