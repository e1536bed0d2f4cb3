import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisAwayError } from './redis-away-error.ts';

/** A command that is not answered within this has failed: a Redis that hangs is one that is away. */
const commandTimeoutMs = 2_000;

/**
 * A link to Redis that is made by `mustBeUp`, and then makes itself anew until it is told to
 * disconnect. While Redis is away a command fails at once, and is not sent again when it is back:
 * whoever sent it knows best. `error` events are the caller's to hear.
 */
export function connectRedis(url: URL): Redis {
  return new Redis(url.href, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: commandTimeoutMs,
    // BullMQ's and ioredis' own waits grow to 20 s and 5 s: so long nobody would know that Redis is back.
    retryStrategy: (times) => Math.min(50 * 2 ** times, 1_000),
  });
}

/** A link like this one for commands that wait for something to happen: they outlive a restart of Redis. */
export function connectWaiting(redis: Redis): Redis {
  return redis.duplicate({
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    commandTimeout: undefined,
  });
}

/**
 * Resolves when the link is up; fails when it is not, and then it goes on trying. BullMQ is given only
 * links that are up: what it makes of another one never works if the first try fails.
 */
export async function mustBeUp(redis: Redis): Promise<void> {
  if (redis.status === 'wait') await redis.connect();
  if (redis.status !== 'ready') throw new Error(`the link is ${redis.status}`);
}

/**
 * Resolves when a link of `connectRedis` is up and Redis answers on it, which takes some seconds at most.
 *
 * @throws RedisAwayError when it is not
 */
export async function mustAnswer(redis: Redis): Promise<void> {
  let trouble: unknown;
  const hear = (error: unknown): void => void (trouble = error);
  redis.on('error', hear);
  try {
    // While Redis loads its data its link is not up, and is waited for on and on.
    const late = sleep(commandTimeoutMs, 'late', { ref: false });
    const first = await Promise.race([mustBeUp(redis), late]);
    if (first === 'late') throw new Error('it is not ready');
    await redis.ping();
  } catch (error) {
    // That a link is closed says less than why.
    const cause = trouble ?? error;
    throw new RedisAwayError(String(cause).replace(/^\w*Error: /, ''), { cause });
  } finally {
    redis.off('error', hear);
  }
}

/**
 * What about this Redis would lose what it was told, in words for the operator: BullMQ's data must
 * neither be evicted nor be gone after a restart. Redis as a service may not say: then nothing.
 */
export async function misgivings(redis: Redis): Promise<string[]> {
  const info = await redis.info();
  const told: string[] = [];
  if (info.includes('aof_enabled:0')) {
    told.push('it forgets everything when it restarts: set appendonly yes');
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
  if (policy !== 'noeviction') {
    told.push(`it drops what it likes (${policy}): set maxmemory-policy noeviction`);
  }
  return told;
}
