/** Calls `wake` once for all the calls of one turn. */
export function oncePerTurn(wake: () => void): () => void {
  let isWoken = false;
  return () => {
    if (isWoken) return;
    isWoken = true;
    setImmediate(() => {
      isWoken = false;
      wake();
    });
  };
}

/** Watching a log is no reason to send a message for each of its lines. */
const growthEveryMs = 100;

/** Tells a few times a second at most which logs grew, and to how many bytes each. */
export function gatherGrowth(
  tell: (logs: ReadonlyMap<number, number>) => void,
): (log: number, bytes: number) => void {
  let growing = new Map<number, number>();
  return (log, bytes) => {
    if (growing.size === 0) {
      setTimeout(() => {
        const grown = growing;
        growing = new Map();
        tell(grown);
      }, growthEveryMs).unref();
    }
    growing.set(log, bytes);
  };
}
