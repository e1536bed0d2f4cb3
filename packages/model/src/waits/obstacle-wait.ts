import type { Wait, WaitReason } from '@weir/protocol';
import type { BuilderFacts, DispatchFacts, Pause, WorkerFacts } from '../match/facts.ts';
import type { Obstacle } from '../match/obstacle.ts';
import { count, durationInWords } from './in-words.ts';

/** Which of the closed list each obstacle is, where it rules out the last of the workers. */
const reasons: Readonly<Record<Obstacle, WaitReason>> = {
  'labels missing': 'no worker with label',
  'meant for another worker': 'no worker with label',
  offline: 'no worker with label',
  quarantined: 'quarantined',
  paused: 'paused',
  declined: 'declined by policy',
  'not trusted': 'no trusted builder',
  'no maker': 'no trusted builder',
  'agent too old': 'declined by policy',
  'disk full': 'disk full',
  'runtime failed there': 'waits for its runtime',
};

/** The wait of a request whose last workers, `ruledOut`, have this obstacle. */
export function obstacleWait(
  obstacle: Obstacle,
  ruledOut: readonly WorkerFacts[],
  builder: BuilderFacts,
  { workers: all, now }: Pick<DispatchFacts, 'workers' | 'now'>,
): Wait {
  const detail =
    obstacle === 'labels missing'
      ? missingLabel(builder.labels, all)
      : describe(obstacle, ruledOut, now);
  return { reason: reasons[obstacle], detail };
}

function missingLabel(labels: readonly string[], all: readonly WorkerFacts[]): string {
  const absent = labels.find((label) => !all.some((worker) => worker.labels.has(label)));
  if (absent !== undefined) return `no worker has label ${absent}`;
  return all.length === 0 ? 'no worker has joined' : `no worker has all of ${labels.join(', ')}`;
}

function describe(
  obstacle: Exclude<Obstacle, 'labels missing'>,
  ruledOut: readonly WorkerFacts[],
  now: number,
): string {
  const workers = count(ruledOut.length, 'matching worker');
  const are = `${workers} ${ruledOut.length === 1 ? 'is' : 'are'}`;
  switch (obstacle) {
    case 'meant for another worker':
      return 'the worker that it is meant for is gone or has other labels';
    case 'offline':
      return `${are} offline`;
    case 'quarantined':
      return describeQuarantined(ruledOut, `${are} quarantined`, now);
    case 'paused':
      return describePaused(ruledOut, `${are} paused`);
    case 'declined':
      return `${workers} declined it`;
    case 'not trusted':
      return `${are} on probation: trust one, or add one that is trusted`;
    case 'no maker':
      return 'no matching worker is trusted to build runtimes for others: trust one, or set `artifacts` to `same-worker` or `any` in the farm file';
    case 'agent too old':
      return `the agents of ${workers} can't share runtimes: start newer ones`;
    case 'disk full':
      return `${are} out of disk space`;
    case 'runtime failed there':
      return `its runtime failed on ${workers}`;
  }
}

function describePaused([worker, ...others]: readonly WorkerFacts[], several: string): string {
  if (!worker?.paused || others.length > 0) return several;
  return `${worker.name} is ${pausedBy(worker.paused)}`;
}

function describeQuarantined(
  workers: readonly WorkerFacts[],
  several: string,
  now: number,
): string {
  const quarantines = workers.flatMap(({ quarantined }) => quarantined ?? []);
  const [first, ...others] = quarantines;
  const left = durationInWords(Math.min(...quarantines.map(({ until }) => until)) - now);
  if (first === undefined || others.length > 0) return `${several}, for ${left} more at least`;
  return `${workers[0]?.name} is quarantined for ${left} more: ${first.reason}`;
}

/** `paused by ada: her laptop` */
export function pausedBy({ by, reason }: Pause): string {
  return `paused by ${by}: ${reason}`;
}
