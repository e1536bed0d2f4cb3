import { EmbeddedQueue } from './embedded.ts';
import type { Queue } from './queue.ts';
import type { SharedQueueContext } from './shared.ts';

/**
 * The queue of a farm: in memory, or with a Redis shared by its engines. What Redis needs is loaded
 * only then, so that a farm on one machine is none the slower or larger for it.
 */
export async function openQueue(
  redisUrl: URL | null,
  context: Omit<SharedQueueContext, 'url'>,
): Promise<Queue> {
  if (redisUrl === null) return new EmbeddedQueue();
  const { SharedQueue } = await import('./shared.ts');
  return new SharedQueue({ ...context, url: redisUrl });
}
