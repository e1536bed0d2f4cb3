import type { ApiBuild, ApiRequest } from '@weir/protocol';
import type { Evidence } from '../evidence.ts';
import type { Loss } from './loss.ts';

/** As the farm file under test has it. */
const maxAttempts = 6;

/** Every request that anybody was told of is there, and has exactly one final result. */
export function judgeRequests(evidence: Evidence): Loss[] {
  const { requests, builds, acknowledged, seen, open } = evidence;
  const buildsOf = Map.groupBy(builds, ({ request }) => request);
  const known = new Set(requests.map(({ id }) => id));
  const created = seen
    .filter(({ event }) => event.kind === 'request.created')
    .map(({ event: { subject } }) => Number(subject.slice('request/'.length)));
  const vanished = [...new Set([...acknowledged, ...created])].filter((id) => !known.has(id));
  return [
    ...vanished.map((id) => loss(id, 'is gone: the farm had said that it has it')),
    ...requests.flatMap((request) => {
      const text = flawOf(request, buildsOf.get(request.id) ?? []);
      return text === undefined ? [] : [loss(request.id, text)];
    }),
    ...open.map((text) => ({
      judge: 'requests' as const,
      subject: 'the farm',
      text: `never came to an end: ${text}`,
      look: ['master.log', 'events.jsonl'],
    })),
  ];
}

function flawOf(request: ApiRequest, builds: readonly ApiBuild[]): string | undefined {
  const { state, result, attempts } = request;
  if (state !== 'done' && state !== 'cancelled') return `is still ${state}`;
  if (result === null) return `is ${state}, and has no result`;
  const final = builds.filter((build) => build.result !== 'lost');
  const lost = builds.length - final.length;
  const [last] = final;
  if (final.length > 1) {
    return `has ${final.length} results: builds ${final.map(({ id }) => id).join()}`;
  }
  if (last !== undefined && last.result !== result) {
    return `is ${result}, and its build ${last.id} is ${last.result}`;
  }
  if (last === undefined && result === 'lost' && lost < maxAttempts) {
    return `was given up after ${lost} lost builds, and ${maxAttempts} are allowed`;
  }
  const isBuilt = !['lost', 'cancelled', 'skipped'].includes(result);
  if (last === undefined && isBuilt) return `is ${result}, and has no build`;
  if (attempts < lost) return `counts ${attempts} attempts, and ${lost} builds were lost`;
  return undefined;
}

function loss(id: number, text: string): Loss {
  return {
    judge: 'requests',
    subject: `request/${id}`,
    text,
    look: ['master.log', 'events.jsonl'],
  };
}
