import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { heartbeatMs } from '@weir/protocol';
import { RawWorker } from '../../test/support/raw-worker.ts';

/** What the fleet says: the workers that it has, then that all of them are connected. */
export type FleetMessage =
  | { readonly workers: readonly { readonly name: string; readonly key: string }[] }
  | { readonly connected: number };

/**
 * Child process: workers with room for a build who never get one. It says who they are; on the first
 * message it connects them, so many handshakes at once, and keeps their heartbeats up until it is ended.
 */
const [port = '', count = '', window = ''] = process.argv.slice(2);
const workers = Array.from({ length: Number(count) }, (_, n) => new RawWorker(`w${n}`));
say({ workers: workers.map(({ name, publicKey }) => ({ name, key: publicKey })) });
process.once('message', () => {
  connectAll().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});

async function connectAll(): Promise<void> {
  const waiting = workers.values();
  await Promise.all(
    Array.from({ length: Number(window) }, async () => {
      for (const worker of waiting) await connect(worker);
    }),
  );
  say({ connected: workers.length });
}

async function connect(worker: RawWorker): Promise<void> {
  await worker.connect(Number(port), { hello: { boot: worker.name } });
  worker.send({ t: 'ready', slots: 1, paused: null, diskFull: false });
  void worker.closed.then(({ code, reason }) => {
    process.stderr.write(`${worker.name} was closed with ${code}: ${reason}\n`);
    process.exit(1);
  });
  void beat(worker);
}

/** As the agent does: each at its own moment. */
async function beat(worker: RawWorker): Promise<never> {
  await sleep(heartbeatMs * Math.random());
  for (;;) {
    worker.send({ t: 'beat', at: Date.now() });
    await sleep(heartbeatMs);
  }
}

function say(message: FleetMessage): void {
  process.send?.(message);
}
