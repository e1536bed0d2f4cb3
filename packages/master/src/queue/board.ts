import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue as JobQueue } from 'bullmq';
import type { Express, RequestHandler } from 'express';
import { connectRedis, mustBeUp } from '../redis/connect.ts';
import { requestsQueue } from './shared-jobs.ts';

const about =
  'What waits, for the engines of the farm: an index. They claim requests in the store, so that it has no workers here.';

/** Bull Board on a link of its own. */
export interface QueueBoard extends Disposable {
  readonly show: RequestHandler;
}

/**
 * Bull Board over the index of a farm in Redis, at this path. It only reads.
 *
 * @throws Error when Redis is away
 */
export async function openQueueBoard(
  url: URL,
  { prefix, path }: { prefix: string; path: string },
): Promise<QueueBoard> {
  const redis = connectRedis(url);
  let trouble: unknown;
  redis.on('error', (error) => (trouble = error));
  try {
    await mustBeUp(redis);
  } catch (error) {
    redis.disconnect();
    // That a link is closed says less than why.
    throw trouble ?? error;
  }
  const jobs = new JobQueue(requestsQueue, { prefix, skipVersionCheck: true, connection: redis });
  jobs.on('error', () => {});
  const adapter = new ExpressAdapter();
  adapter.setBasePath(path);
  createBullBoard({
    queues: [new BullMQAdapter(jobs, { readOnlyMode: true, description: about })],
    serverAdapter: adapter,
    options: {
      uiBasePath: uiFolder(),
      uiConfig: { boardTitle: 'Weir', miscLinks: [{ text: 'Queue', url: '/queue' }] },
    },
  });
  const app: Express = adapter.getRouter();
  app.disable('x-powered-by');
  return { show: app, [Symbol.dispose]: () => redis.disconnect() };
}

/** Lies beside the built program, see `scripts/build.ts`. */
function uiFolder(): string {
  const built = fileURLToPath(new URL('./bull-board', import.meta.url));
  if (existsSync(built)) return built;
  return dirname(fileURLToPath(import.meta.resolve('@bull-board/ui/package.json')));
}
