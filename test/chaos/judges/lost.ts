import type { ApiBuild } from '@weir/protocol';
import type { Evidence, PlayedFault } from '../evidence.ts';
import type { FaultKind } from '../plan.ts';
import type { Sighting } from '../witness.ts';
import { filesOfWorker } from './loss.ts';
import type { Loss } from './loss.ts';

/** What ends a build where it runs. */
const deadly: readonly FaultKind[] = ['runner killed', 'worker killed', 'worker disk full'];
/** A lease: nothing shorter makes a build detached. */
const leaseMs = 90_000;
/** An event may be seen so much later than it came to pass, while the master is down. */
const latenessMs = 60_000;

/**
 * A killed master, agent or link costs no build that had begun. What is lost must have been taken
 * by a fault on its own worker while it ran.
 */
export function judgeLost({ builds, seen, faults }: Evidence): Loss[] {
  const sightings = Map.groupBy(seen, ({ event }) => event.subject);
  return builds
    .filter(({ result }) => result === 'lost')
    .filter((build) => !isExcused(build, sightings.get(`build/${build.id}`) ?? [], faults))
    .map((build) => ({
      judge: 'lost',
      subject: `build/${build.id}`,
      text: `of ${build.worker} is lost: ${build.text}`,
      look: ['faults.jsonl', ...filesOfWorker(build.worker), 'master.log'],
    }));
}

function isExcused(
  build: ApiBuild,
  sightings: readonly Sighting[],
  faults: readonly PlayedFault[],
): boolean {
  const from = (sightings[0]?.at ?? 0) - latenessMs;
  const to = sightings.findLast(({ event }) => event.kind === 'build.lost')?.at ?? Infinity;
  const onWorker = faults.filter(
    (fault) => fault.victim === build.worker && fault.from <= to && fault.to >= from,
  );
  if (onWorker.some(({ kind }) => deadly.includes(kind))) return true;
  // Out of reach for longer than it may be.
  if (onWorker.some(({ lastsMs }) => lastsMs > leaseMs)) return true;
  // It had not begun: the offer, or the word to start, never came to the worker.
  const hasBegun = build.steps.some(({ startedAt }) => startedAt !== null);
  return !hasBegun && onWorker.length > 0;
}
