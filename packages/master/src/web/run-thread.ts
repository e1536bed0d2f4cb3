import { parentPort, workerData } from 'node:worker_threads';
import { anchoredClock } from '../clock.ts';
import type { WebOptions } from '../command.ts';
import { openLog } from '../log.ts';
import { startPatiently } from '../start-patiently.ts';
import { openReader } from '../store/store.ts';
import { startWeb } from '../web.ts';
import { ThreadLink } from './live/thread-link.ts';
import { lowerPriority } from './lower-priority.ts';

/** The web role as a thread of the engine: runs until that says stop. */
export async function runWebThread(): Promise<void> {
  if (parentPort === null) throw new Error('the web role runs as a thread of the engine');
  const port = parentPort;
  lowerPriority();
  const { store, farm, logFormat, ...place } = workerData as WebOptions;
  const link = new ThreadLink(port, farm);
  const log = await openLog(logFormat, 'web');
  const db = await openReader(store);
  try {
    const options = { ...place, store, db, link, log, now: anchoredClock() };
    // By itself, as the engine does: it can't tell why its thread ended.
    const web = await startPatiently(() => startWeb(options), { say: (text) => log.info(text) });
    link.send({ t: 'listening', port: web.port });
    await link.stopped;
    await web.stop();
  } catch (error) {
    link.send({ t: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
  await db.destroy();
  port.close();
}
