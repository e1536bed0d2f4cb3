import process from 'node:process';

/** Has a signal that ends this process dispose of it first; until what is returned is disposed of. */
export function disposeOnSignals(what: AsyncDisposable): Disposable {
  const end = (): void => {
    // What is under way fails as things go from under it, which must not end the process before all is gone.
    process.on('uncaughtException', () => {});
    const exit = (): void => process.exit(1);
    what[Symbol.asyncDispose]().then(exit, exit);
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.once(signal, end);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, end);
    },
  };
}
