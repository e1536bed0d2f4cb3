import { mkdirSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { dropLog } from './drop-log.ts';
import { LogKeeper } from './log-keeper.ts';
import { LogPacker } from './log-packer.ts';
import { serveLogRequests } from './serve-log-requests.ts';
import type { LogReply } from './thread-messages.ts';

if (parentPort === null) throw new Error('the log writer runs as a thread');
const port = parentPort;
const { dir } = workerData as { dir: string };

const keeper = new LogKeeper(dir, (log) => packer.add(log));
const packer = new LogPacker(dir, {
  transactions: keeper.transactions,
  warn: (message) => port.postMessage({ t: 'warning', message } satisfies LogReply),
});
mkdirSync(dir, { recursive: true });
packer.resume();

serveLogRequests(port, {
  append: (log, offset, bytes, options) => keeper.append(log, offset, bytes, options),
  position: (log, capBytes) => keeper.position(log, capBytes),
  finish: (log, end, capBytes) => keeper.finish(log, end, capBytes),
  drop: (log) => dropLog(dir, keeper, log),
  async close() {
    await packer.close();
    keeper.close();
  },
});
