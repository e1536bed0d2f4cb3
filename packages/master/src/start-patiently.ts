import { setTimeout as sleep } from 'node:timers/promises';
import { troubleOf } from './store/trouble.ts';

/** A server that restarts is back within that time. */
const patienceMs = 60_000;
const retryMs = 1_000;

/**
 * Starts what needs the farm's database server, and once more where that is away or goes away
 * meanwhile, for a minute at most, which is said.
 *
 * @param start leaves nothing behind when it fails
 * @param waiting `say` hears what is waited for; `signal` ends that
 * @throws Error what `start` threw last, or at once when it is no server that is away
 */
export async function startPatiently<T>(
  start: () => Promise<T>,
  { say, signal }: { say: (text: string) => void; signal?: AbortSignal },
): Promise<T> {
  const until = performance.now() + patienceMs;
  for (let isSaid = false; ; isSaid = true) {
    try {
      return await start();
    } catch (error) {
      if (troubleOf(error) !== 'away' || performance.now() > until) throw error;
      if (!isSaid) say(`${String(error)}; it is waited for, ${patienceMs / 1_000} s at most`);
      await sleep(retryMs, undefined, { signal }).catch(() => {});
      if (signal?.aborted) throw error;
    }
  }
}
