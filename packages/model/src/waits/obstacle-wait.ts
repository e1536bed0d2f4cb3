import type { Wait, WaitReason } from '@weir/protocol';
import type { BuilderFacts, Pause, WorkerFacts } from '../match/facts.ts';
import type { Obstacle } from '../match/obstacle.ts';
import { count } from './in-words.ts';

/** Which of the closed list each obstacle is, where it rules out the last of the workers. */
const reasons: Readonly<Record<Obstacle, WaitReason>> = {
  'labels missing': 'no worker with label',
  'meant for another worker': 'no worker with label',
  offline: 'no worker with label',
  quarantined: 'quarantined',
  paused: 'paused',
  declined: 'declined by policy',
  'not trusted': 'no trusted builder',
  'disk full': 'disk full',
  'runtime failed there': 'waits for its runtime',
};

/** The wait of a request whose last workers, `ruledOut`, have this obstacle; `all` are the farm's. */
export function obstacleWait(
  obstacle: Obstacle,
  ruledOut: readonly WorkerFacts[],
  all: readonly WorkerFacts[],
  builder: BuilderFacts,
): Wait {
  const detail =
    obstacle === 'labels missing'
      ? missingLabel(builder.labels, all)
      : describe(obstacle, ruledOut, count(ruledOut.length, 'matching worker'));
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
  workers: string,
): string {
  const are = `${workers} ${ruledOut.length === 1 ? 'is' : 'are'}`;
  switch (obstacle) {
    case 'meant for another worker':
      return 'the worker that it is meant for is gone or has other labels';
    case 'offline':
      return `${are} offline`;
    case 'quarantined':
      return `${are} quarantined`;
    case 'paused':
      return describePaused(ruledOut, `${are} paused`);
    case 'declined':
      return `${workers} declined it`;
    case 'not trusted':
      return `${are} on probation: trust one, or add one that is trusted`;
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

/** `paused by ada: her laptop` */
export function pausedBy({ by, reason }: Pause): string {
  return `paused by ${by}: ${reason}`;
}
