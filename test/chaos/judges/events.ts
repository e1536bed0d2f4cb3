import type { ApiBuild, ApiEvent } from '@weir/protocol';
import type { Evidence } from '../evidence.ts';
import type { Sighting } from '../witness.ts';
import type { Loss } from './loss.ts';

const ends = ['build.finished', 'build.lost', 'build.cancelled'];

/** The event log is whole, and what was seen of it once is so for ever. */
export function judgeEvents(evidence: Evidence): Loss[] {
  const { events, seen, contradictions, builds } = evidence;
  const endsOf = Map.groupBy(
    events.filter(({ kind }) => ends.includes(kind)),
    ({ subject }) => subject,
  );
  const begun = new Set(
    events.filter(({ kind }) => kind === 'build.started').map(({ subject }) => subject),
  );
  return [
    ...contradictions.map(({ number, text }) => loss(`event/${number}`, text)),
    ...gapsOf(events),
    ...changesOf(events, seen),
    ...builds
      .filter(({ id }) => !begun.has(`build/${id}`))
      .map(({ id }) => loss(`build/${id}`, 'has no event that says that it began')),
    ...builds.flatMap((build) => {
      const text = flawOf(build, endsOf.get(`build/${build.id}`) ?? []);
      return text === undefined ? [] : [loss(`build/${build.id}`, text)];
    }),
  ];
}

function gapsOf(events: readonly ApiEvent[]): Loss[] {
  const index = events.findIndex(({ number }, at) => number !== at + 1);
  const number = events[index]?.number;
  if (number === undefined) return [];
  return [loss(`event/${number}`, `event ${number} stands where ${index + 1} was due`)];
}

function changesOf(events: readonly ApiEvent[], seen: readonly Sighting[]): Loss[] {
  return seen.flatMap(({ event }, at) => {
    if (JSON.stringify(events[at]) === JSON.stringify(event)) return [];
    const { kind, subject, number } = event;
    return [
      loss(`event/${number}`, `was ${kind} of ${subject}, and is ${events[at]?.kind ?? 'gone'}`),
    ];
  });
}

/** A build ends once, and its event says how. */
function flawOf({ result }: ApiBuild, found: readonly ApiEvent[]): string | undefined {
  if (result === null) return undefined;
  const kinds = found.map(({ kind }) => kind);
  if (kinds.length !== 1) return `is ${result}, and has ${kinds.length} ends: ${kinds.join()}`;
  const kind = result === 'lost' ? 'build.lost' : 'build.finished';
  // A cancelled build may have told so itself, or have been out of reach.
  const isRight =
    kinds.includes(kind) || (result === 'cancelled' && kinds.includes('build.cancelled'));
  return isRight ? undefined : `is ${result}, and its event is ${kinds.join()}`;
}

function loss(subject: string, text: string): Loss {
  return { judge: 'events', subject, text, look: ['events.jsonl', 'master/weir.sqlite'] };
}
