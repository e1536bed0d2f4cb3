import { Queue as JobQueue } from 'bullmq';
import { connectRedis, misgivings, mustAnswer } from '../redis/connect.ts';
import { shownRedisUrl } from '../redis/redis-url.ts';
import { onlyReads, requestOf, requestsQueue } from './shared-jobs.ts';

/** What Redis says waits. */
export interface IndexState {
  /** Where it is, without what is secret. */
  readonly place: string;
  /** Why it can't be asked; null when it said the rest. */
  readonly away: string | null;
  readonly version: string;
  readonly memoryBytes: number;
  /** What of it would lose what it was told, in words. */
  readonly misgivings: readonly string[];
  /** How many requests it holds. */
  readonly count: number;
  /** The ids of the most urgent, in that order. */
  readonly first: readonly number[];
}

/** So many are named. */
const maxFirst = 20;

/** Looks at the index of a farm in Redis, over a link for this alone; within some seconds. It changes nothing. */
export async function readIndex(url: URL, prefix: string): Promise<IndexState> {
  const redis = connectRedis(url);
  const place = shownRedisUrl(url);
  redis.on('error', () => {});
  try {
    await mustAnswer(redis);
    const jobs = new JobQueue(requestsQueue, { ...onlyReads, prefix, connection: redis });
    jobs.on('error', () => {});
    const states = ['prioritized', 'waiting'] as const;
    const counts = Object.values(await jobs.getJobCounts(...states));
    const ids = await jobs.getRanges(['prioritized'], 0, maxFirst - 1, true);
    const info = await redis.info();
    return {
      place,
      away: null,
      version: /^redis_version:(\S+)/m.exec(info)?.[1] ?? '',
      memoryBytes: Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0),
      misgivings: await misgivings(redis),
      count: counts.reduce((sum, count) => sum + count, 0),
      first: ids.map(requestOf).filter((id) => id !== undefined),
    };
  } catch (error) {
    const away = error instanceof Error ? error.message : String(error);
    return { place, away, version: '', memoryBytes: 0, misgivings: [], count: 0, first: [] };
  } finally {
    redis.disconnect();
  }
}
