import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { hearLogGrowth, openLogReader } from './builds/logs/open-logs.ts';
import { openObjects } from './builds/objects/open-objects.ts';
import { ResolvedTexts } from './builds/objects/resolved-texts.ts';
import { TestLists } from './builds/objects/test-lists.ts';
import { anchoredClock } from './clock.ts';
import type { WebOptions } from './command.ts';
import { boundConnections } from './descriptors.ts';
import { openLog } from './log.ts';
import { openReader } from './store/store.ts';
import type { WebContext } from './web/context.ts';
import { EngineLink } from './web/live/engine-link.ts';
import { EventFeed } from './web/live/event-feed.ts';
import { LogGrowth } from './web/live/log-growth.ts';
import { Streams } from './web/live/streams.ts';
import { lowerPriority } from './web/lower-priority.ts';
import { EventCounts } from './web/metrics/events.ts';
import { pageRoutes } from './web/pages/routes.ts';
import { createApp } from './web/server/app.ts';
import { Bundles } from './web/server/bundles.ts';
import { OwnerSignIn } from './web/sign-in/owner-sign-in.ts';
import { AdminSignIn } from './web/sign-in/sign-in.ts';
import { openTraces } from './web/traces/traces.ts';

/** How long answers that are under way may take when the farm stops. */
const drainMs = 2_000;
/** Who connects and asks nothing holds a connection that others wait for. */
const patience = { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 };

if (parentPort === null) throw new Error('the web role runs as a thread of the engine');
const port = parentPort;
lowerPriority();
const options = workerData as WebOptions;

const log = await openLog(options.logFormat, 'web');
const db = await openReader(options.store);
const engine = new EngineLink(port, options.farm);
const eventCounts = new EventCounts();
const { fingerprint } = options.farm;
const traces = await openTraces({ db, fingerprint, log });
const feed = await EventFeed.open(db, {
  heard(events) {
    eventCounts.heard(events);
    traces?.heard(events);
  },
  failed: (error) => log.warn(`events were not read: ${String(error)}`),
});
const growth = new LogGrowth();
const streams = new Streams();
const bundles = new Bundles();
const now = anchoredClock();
const signIn = new AdminSignIn(db, now);
const owners = new OwnerSignIn(db, now);
const { objects, uploads } = await openObjects(options.objectsPlace);
const logsPlace = { ...options, dir: join(options.dataDir, 'logs') };
const logs = await openLogReader(logsPlace, { db, objects });
const growthHeard = await hearLogGrowth(logsPlace, (grown) => growth.grew(grown));
const context: WebContext = {
  db,
  logs,
  tests: new TestLists(objects),
  resolved: new ResolvedTexts(objects),
  now,
  signIn,
  owners,
  farm: engine.farm,
  sendCommand: engine.sendCommand,
  agentSha256: async () => (await bundles.agent()).sha256,
  asset: (name) => bundles.assetUrl(name),
};
const app = createApp({
  context,
  signIn,
  feed,
  growth,
  streams,
  bundles,
  objects,
  uploads,
  pages: pageRoutes(context),
  hookSecret: process.env['WEIR_HOOK_SECRET'] || null,
  log,
  eventCounts,
  vitals: () => engine.vitals(),
});
const server = createServer(patience, app);
boundConnections(server, 'web', (text) => log.warn(`web port: ${text}`));

engine.listen({
  woken() {
    feed.wake();
    growth.woken();
  },
  grew: (grown) => growth.grew(grown),
  stop: () => void stop(),
});
server.once('error', (error) => {
  engine.send({ t: 'failed', message: `the web port can't be opened: ${error.message}` });
  void stop();
});
server.listen(options.port, options.host, () => {
  engine.send({ t: 'listening', port: (server.address() as AddressInfo).port });
});

async function stop(): Promise<void> {
  streams.endAll();
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
  feed[Symbol.dispose]();
  await traces?.stop();
  logs[Symbol.dispose]();
  await growthHeard[Symbol.asyncDispose]();
  await db.destroy();
  port.close();
}
