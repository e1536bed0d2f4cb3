import process from 'node:process';

/** Resolves with the signal that asks the process to stop. The next one ends it at once. */
export async function firstSignal(): Promise<string> {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const { promise, resolve } = Promise.withResolvers<string>();
  for (const signal of signals) process.once(signal, resolve);
  const first = await promise;
  for (const signal of signals) process.on(signal, () => process.exit(1));
  return first;
}
