import type { Result } from '@weir/protocol';
import type { Evidence } from './evidence.ts';
import type { ChaosFarm } from './farm.ts';
import { judgeEvents } from './judges/events.ts';
import { judgeCrashes, judgeLeftovers } from './judges/leftovers.ts';
import { judgeLogs } from './judges/logs.ts';
import type { JudgeName, Loss } from './judges/loss.ts';
import { judgeLost } from './judges/lost.ts';
import { judgeNotices, judgeRepeats } from './judges/notices.ts';
import { judgeRequests } from './judges/requests.ts';
import { judgeResults } from './judges/results.ts';

/** What came of a run. */
export interface Verdict {
  readonly losses: readonly Loss[];
  /** How much each judge looked at. */
  readonly judged: Readonly<Record<JudgeName, number>>;
  /** Mails that came again, as they may. */
  readonly repeats: number;
  readonly builds: Readonly<Partial<Record<Result, number>>>;
  /** How often a build went out of reach, was taken over again, and what came too late. */
  readonly detached: number;
  readonly attached: number;
  readonly late: number;
  readonly logBytes: number;
}

export function judge(farm: ChaosFarm, evidence: Evidence): Verdict {
  const { losses: wrongRepeats, repeats } = judgeRepeats(evidence);
  const losses = [
    ...judgeRequests(evidence),
    ...judgeResults(evidence),
    ...judgeLost(evidence),
    ...judgeLogs(evidence),
    ...judgeEvents(evidence),
    ...judgeNotices(evidence),
    ...wrongRepeats,
    ...judgeLeftovers(farm),
    ...judgeCrashes(farm, evidence.faults),
  ];
  const { requests, builds, logs, events, deliveries, receipts } = evidence;
  const countOf = (kind: string): number => events.filter((event) => event.kind === kind).length;
  return {
    losses,
    judged: {
      requests: requests.length,
      results: builds.length,
      lost: builds.filter(({ result }) => result === 'lost').length,
      logs: logs.filter(({ keptBytes }) => keptBytes > 0).length,
      events: events.length,
      notices: deliveries.length,
      repeats: receipts.length,
      leftovers: farm.workers.length,
      crashes: farm.processes.flatMap(({ process }) => process.pids).length,
    },
    repeats,
    builds: countsOf(builds.map(({ result }) => result ?? 'lost')),
    detached: countOf('build.detached'),
    attached: countOf('build.attached'),
    late: builds.filter(({ late }) => late !== null).length,
    logBytes: logs.reduce((sum, { keptBytes }) => sum + keptBytes, 0),
  };
}

function countsOf<T extends string>(words: readonly T[]): Partial<Record<T, number>> {
  const counts: Partial<Record<T, number>> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
