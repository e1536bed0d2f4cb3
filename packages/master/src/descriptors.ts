import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';

/** For the store, the log files, git and whatever else the engine opens. */
const ownDescriptors = 128;
/** Of the connections. A worker holds one for days, a page for as long as somebody looks. */
const shares = { worker: 3 / 4, web: 1 / 4 } as const;
/** Fewer connections than this would be of no use: a farm with so low a limit takes its chances. */
const fewestConnections = 16;
/** What is turned away is said at most so often. */
const sayEveryMs = 60_000;

/**
 * How many connections the web port or the worker port may have, so that the engine always finds a
 * file descriptor: what it could not open then would end it.
 */
export function maxConnections(port: keyof typeof shares, limit = descriptorLimit()): number {
  return Math.max(fewestConnections, Math.floor((limit - ownDescriptors) * shares[port]));
}

/** Has a server turn away what comes beyond its share, and say so. */
export function boundConnections(
  server: Server,
  port: keyof typeof shares,
  say: (text: string) => void,
): void {
  server.maxConnections = maxConnections(port);
  let saidAt = -Infinity;
  server.on('drop', () => {
    if (performance.now() - saidAt < sayEveryMs) return;
    saidAt = performance.now();
    say(
      `${server.maxConnections} connections are open, and no more are taken: a higher limit of open files (LimitNOFILE, ulimit -n) would allow more`,
    );
  });
}

/** Of open files and sockets of this process; Infinity where the system does not tell. */
function descriptorLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    // Node has raised the first number, which counts, to the second.
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}
