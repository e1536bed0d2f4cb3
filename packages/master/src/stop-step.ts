import type { Log } from './log.ts';

const slowMs = 10_000;

/** Awaits what a stop waits for; where that takes long the log says what it is. */
export async function stopStep(log: Log, what: string, step: Promise<unknown>): Promise<void> {
  const slow = setTimeout(() => log.warn(`stopping waits for ${what}`), slowMs).unref();
  try {
    await step;
  } finally {
    clearTimeout(slow);
  }
}
