import type { Evidence } from '../evidence.ts';
import { filesOfWorker } from './loss.ts';
import type { Loss } from './loss.ts';

/** Every byte that the farm has of a log is the byte that was printed there, of lost builds as well. */
export function judgeLogs({ logs, builds }: Evidence): Loss[] {
  const workers = new Map(builds.map(({ id, worker }) => [id, worker]));
  return logs.flatMap(({ build, step, nonce, difference }) => {
    if (difference === null) return [];
    const ledger = nonce === null ? [] : [`ledgers/${nonce}`];
    return [
      {
        judge: 'logs' as const,
        subject: `build/${build}`,
        text: `the log of step ${step}: ${difference}`,
        look: [...ledger, ...filesOfWorker(workers.get(build) ?? ''), 'master/logs/'],
      },
    ];
  });
}
