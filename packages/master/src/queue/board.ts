import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue as JobQueue } from 'bullmq';
import type { Express, RequestHandler } from 'express';
import type { Redis } from 'ioredis';
import { connectRedis, mustAnswer } from '../redis/connect.ts';
import { onlyReads, requestsQueue } from './shared-jobs.ts';

export interface QueueBoardOptions {
  /** Of the farm's keys in Redis. */
  readonly prefix: string;
  /** Where the board is among the pages. */
  readonly path: string;
}

/** Bull Board over the index of a farm in Redis, on a link of its own. It only reads. */
export class QueueBoard implements Disposable {
  readonly #redis: Redis;
  readonly #options: QueueBoardOptions;
  #app: Express | undefined;

  constructor(url: URL, options: QueueBoardOptions) {
    this.#options = options;
    this.#redis = connectRedis(url);
    this.#redis.on('error', () => {});
  }

  /** What answers a request, now that Redis does. @throws RedisAwayError when it does not */
  async handler(): Promise<RequestHandler> {
    await mustAnswer(this.#redis);
    this.#app ??= this.#make();
    return this.#app;
  }

  [Symbol.dispose](): void {
    this.#redis.disconnect();
  }

  #make(): Express {
    const { prefix, path } = this.#options;
    const jobs = new JobQueue(requestsQueue, { ...onlyReads, prefix, connection: this.#redis });
    jobs.on('error', () => {});
    const adapter = new ExpressAdapter();
    adapter.setBasePath(path);
    const description =
      'What waits, for the engines of the farm. It is an index: the store decides.';
    createBullBoard({
      queues: [new BullMQAdapter(jobs, { readOnlyMode: true, description })],
      serverAdapter: adapter,
      options: {
        uiBasePath: uiFolder(),
        uiConfig: {
          boardTitle: 'Weir',
          // Engines are no workers of BullMQ's: it would say that there are none.
          showWorkers: false,
          miscLinks: [{ text: 'Queue', url: '/queue' }],
        },
      },
    });
    const app: Express = adapter.getRouter();
    return app.disable('x-powered-by');
  }
}

/** Lies beside the built program, see `scripts/build.ts`. */
function uiFolder(): string {
  const built = fileURLToPath(new URL('./bull-board', import.meta.url));
  if (existsSync(built)) return built;
  return dirname(fileURLToPath(import.meta.resolve('@bull-board/ui/package.json')));
}
