import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import type { Kysely } from 'kysely';
import { hearLogGrowth, openLogReader } from './builds/logs/open-logs.ts';
import type { ObjectUploads } from './builds/objects/object-uploads.ts';
import type { ObjectsPlace } from './builds/objects/objects-place.ts';
import { openObjects } from './builds/objects/open-objects.ts';
import { ResolvedTexts } from './builds/objects/resolved-texts.ts';
import { TestLists } from './builds/objects/test-lists.ts';
import type { Clock } from './clock.ts';
import { boundConnections } from './descriptors.ts';
import type { Log } from './log.ts';
import { redisPrefix } from './redis/redis-url.ts';
import type { Database } from './store/schema.ts';
import type { WebContext } from './web/context.ts';
import type { EngineLink } from './web/live/engine-link.ts';
import { EventFeed } from './web/live/event-feed.ts';
import { LogGrowth } from './web/live/log-growth.ts';
import { Streams } from './web/live/streams.ts';
import { EventCounts } from './web/metrics/events.ts';
import type { OpenBoard } from './web/pages/board-routes.ts';
import { pageRoutes } from './web/pages/routes.ts';
import { createApp } from './web/server/app.ts';
import { Bundles } from './web/server/bundles.ts';
import { ProblemError } from './web/server/problems.ts';
import type { Spend } from './web/sign-in/owner-sign-in.ts';
import { OwnerSignIn } from './web/sign-in/owner-sign-in.ts';
import { AdminSignIn } from './web/sign-in/sign-in.ts';
import { openTraces } from './web/traces/traces.ts';

/** How long answers that are under way may take when the farm stops. */
const drainMs = 2_000;
/** Who connects and asks nothing holds a connection that others wait for. */
const patience = { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 };

export interface StartWebOptions {
  /** As `openStore` takes it. */
  readonly store: string;
  /** Read-only. */
  readonly db: Kysely<Database>;
  readonly link: EngineLink;
  readonly dataDir: string;
  readonly objectsPlace: ObjectsPlace;
  /** The Redis with the index of what waits, for admins to look into; null: none is known here. */
  readonly redisUrl: string | null;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly now: Clock;
  readonly log: Log;
}

/** The role that shows. */
export interface Web {
  readonly port: number;
  readonly uploads: ObjectUploads;
  /** Ends live streams, and lets answers under way be given. */
  stop(): Promise<void>;
}

/** Wires every part of the web role, and lets it listen. @throws Error when it can't listen there */
export async function startWeb(options: StartWebOptions): Promise<Web> {
  const { db, link, now, log } = options;
  await using starting = new AsyncDisposableStack();
  const eventCounts = new EventCounts();
  const { fingerprint } = link.farm();
  const traces = await openTraces({ db, fingerprint, log });
  starting.defer(() => traces?.stop());
  const feed = starting.use(
    await EventFeed.open(db, {
      heard(events) {
        link.heard(events);
        eventCounts.heard(events);
        traces?.heard(events);
      },
      failed: (error) => log.warn(`events were not read: ${String(error)}`),
    }),
  );
  const growth = new LogGrowth();
  const streams = new Streams();
  const bundles = new Bundles();
  const signIn = new AdminSignIn(db, now);
  const owners = new OwnerSignIn(db, now, spendBy(link));
  const { objects, uploads } = await openObjects(options.objectsPlace);
  const logsPlace = { ...options, dir: join(options.dataDir, 'logs') };
  const logs = starting.use(await openLogReader(logsPlace, { db, objects }));
  starting.use(await hearLogGrowth(logsPlace, (grown) => growth.grew(grown.keys())));
  const context: WebContext = {
    db,
    logs,
    tests: new TestLists(objects),
    resolved: new ResolvedTexts(objects),
    now,
    signIn,
    owners,
    farm: link.farm,
    readIndex: indexReader(options.redisUrl, fingerprint),
    sendCommand: (actor, command) => link.sendCommand(actor, command),
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
    openBoard: boardOpener(options.redisUrl, fingerprint, starting.use(new DisposableStack())),
    hookSecret: process.env['WEIR_HOOK_SECRET'] || null,
    log,
    eventCounts,
    vitals: () => link.vitals(),
  });
  const server = createServer(patience, app);
  boundConnections(server, 'web', (text) => log.warn(`web port: ${text}`));
  link.listen({
    woken() {
      feed.wake();
      growth.woken();
    },
    grew: (grown) => growth.grew(grown),
  });
  try {
    server.listen(options.port, options.host);
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the web port can't be opened: ${why}`, { cause: error });
  }

  async function stop(): Promise<void> {
    streams.endAll();
    const timer = setTimeout(() => server.closeAllConnections(), drainMs);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    clearTimeout(timer);
    await running.disposeAsync();
  }

  const running = starting.move();
  return { port: (server.address() as AddressInfo).port, uploads, stop };
}

/** What speaks to Redis is loaded when an admin looks. */
function indexReader(redisUrl: string | null, fingerprint: string): WebContext['readIndex'] {
  if (redisUrl === null) return null;
  return async () => {
    const { readIndex } = await import('./queue/index-state.ts');
    return readIndex(new URL(redisUrl), redisPrefix({ fingerprint }));
  };
}

/** The same for Bull Board; its link is closed with `ending`. */
function boardOpener(
  redisUrl: string | null,
  fingerprint: string,
  ending: DisposableStack,
): OpenBoard | null {
  if (redisUrl === null) return null;
  return async (path) => {
    const { QueueBoard } = await import('./queue/board.ts');
    const prefix = redisPrefix({ fingerprint });
    return ending.use(new QueueBoard(new URL(redisUrl), { prefix, path }));
  };
}

/** What is good once is so on all web servers together. */
function spendBy(link: EngineLink): Spend {
  return async (what, until) => {
    try {
      await link.sendCommand('web', { t: 'spend', what, until });
      return true;
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'no-change') return false;
      throw error;
    }
  };
}
