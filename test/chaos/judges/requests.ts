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
  const { state, result } = request;
  if (state !== 'done' && state !== 'cancelled') return `is still ${state}`;
  if (result === null) return `is ${state}, and has no result`;
  const inOrder = builds.toSorted((a, b) => a.id - b.id);
  const last = inOrder.at(-1);
  const final = inOrder.filter((build) => build === last || !isTaken(build));
  if (final.length > 1) return `has results of ${final.map(({ id }) => `build ${id}`).join(', ')}`;
  if (last === undefined) {
    return isUnbuilt.includes(result) ? undefined : `is ${result}, and has no build`;
  }
  if (isTaken(last) && isUnbuilt.includes(result) && result !== 'lost') return undefined;
  if (last.result !== result) return `is ${result}, and its build ${last.id} is ${last.result}`;
  if (isTaken(last) && builds.length < maxAttempts) {
    return `was given up after ${builds.length} builds, and ${maxAttempts} are allowed`;
  }
  return undefined;
}

/** How a request may end without a build, or after one that was taken. */
const isUnbuilt: readonly (string | null)[] = ['lost', 'cancelled', 'skipped'];

/** Infrastructure took it: its request waits again. */
function isTaken({ result }: ApiBuild): boolean {
  return result === 'lost' || result === 'exception';
}

function loss(id: number, text: string): Loss {
  return {
    judge: 'requests',
    subject: `request/${id}`,
    text,
    look: ['master.log', 'events.jsonl'],
  };
}
