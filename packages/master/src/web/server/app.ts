import { performance } from 'node:perf_hooks';
import process from 'node:process';
import express from 'express';
import type { Express, RequestHandler, Router } from 'express';
import type { Objects } from '../../builds/objects/open-objects.ts';
import type { EngineVitals } from '../../command.ts';
import type { Log } from '../../log.ts';
import { eventBounds } from '../../store/events.ts';
import { TrustedProxies } from '../../trusted-proxies.ts';
import { commandDoors } from '../api/command-doors.ts';
import { farmDoors } from '../api/farm-doors.ts';
import { invitationDoors } from '../api/invitation-doors.ts';
import { logDoor } from '../api/log-door.ts';
import { logLinesDoor } from '../api/log-lines-door.ts';
import { noticeDoors } from '../api/notice-doors.ts';
import { openApiDocument } from '../api/openapi.ts';
import { otherDoors } from '../api/other-doors.ts';
import { ownerDoor } from '../api/owner-door.ts';
import { readDoors } from '../api/read-doors.ts';
import { doorRoutes, otherMethods } from '../api/routes.ts';
import { testDoors } from '../api/test-doors.ts';
import type { WebContext } from '../context.ts';
import { hookRoutes } from '../hooks/hook-routes.ts';
import { eventDoor } from '../live/event-door.ts';
import type { EventFeed } from '../live/event-feed.ts';
import type { LogGrowth } from '../live/log-growth.ts';
import { logLiveDoor } from '../live/log-live-door.ts';
import type { Streams } from '../live/streams.ts';
import type { EventCounts } from '../metrics/events.ts';
import { objectRoutes } from '../objects/object-routes.ts';
import type { OpenBoard } from '../pages/board-routes.ts';
import { boardRoutes } from '../pages/board-routes.ts';
import { errorPage } from '../pages/error-page.ts';
import { signInRoutes } from '../sign-in/routes.ts';
import type { AdminSignIn } from '../sign-in/sign-in.ts';
import { bundleRoutes } from './bundle-routes.ts';
import type { Bundles } from './bundles.ts';
import { healthRoutes } from './health.ts';
import { answerProblems, nothingHere } from './problem-answers.ts';
import { securityHeaders } from './security-headers.ts';
import { SharedAnswers } from './shared-answers.ts';
import { wellKnownDoor } from './well-known.ts';

export const maxBodyBytes = 64 * 1024;
/** A farm file with all that it includes. */
const maxFarmBytes = 8 * 1024 * 1024;

/** Everything that the web role is made of. */
export interface WebParts extends Objects {
  readonly context: WebContext;
  readonly signIn: AdminSignIn;
  readonly feed: EventFeed;
  readonly growth: LogGrowth;
  readonly streams: Streams;
  readonly bundles: Bundles;
  readonly pages: Router;
  readonly openBoard: OpenBoard | null;
  readonly log: Log;
  /** What forges sign their hooks with; null where none is set. */
  readonly hookSecret: string | null;
  /** Resolves when the engine answers. */
  readonly eventCounts: EventCounts;
  /** See `EngineLink`. @throws ProblemError when the engine does not answer */
  vitals(): Promise<EngineVitals | null>;
}

/** All doors and pages of the web role. */
export function createApp(parts: WebParts): Express {
  const { context, signIn, log } = parts;
  const proxies = new TrustedProxies(process.env['WEIR_TRUSTED_PROXIES']);
  const app = express();
  app.disable('x-powered-by').set('query parser', 'simple');
  app.set('trust proxy', (address: string) => proxies.trusts(address));
  app.use(securityHeaders());
  app.use(healthRoutes(context.db, context.farm, () => parts.vitals()));
  app.get('/metrics', metrics(parts));
  app.get('/.well-known/weir', wellKnownDoor(context.farm, context.now));
  app.use(bundleRoutes(parts.bundles));
  const { objects, uploads } = parts;
  app.use(objectRoutes({ db: context.db, farm: context.farm, objects, uploads }));
  app.use(hookRoutes(context, { secret: parts.hookSecret }));
  app.use(signIn.identify, context.owners.identify);
  app.use('/api/v1/farm', farmBody(signIn));
  app.use('/api', express.json({ limit: maxBodyBytes }));
  app.use(apiRoutes(parts));
  app.use(express.urlencoded({ limit: maxBodyBytes, extended: false }));
  app.use(signInRoutes(signIn, context.farm));
  app.use(boardRoutes(signIn, parts.openBoard));
  app.use(parts.pages);
  app.use(nothingHere);
  // Here, and not among the pages: who asks may be what can't be found out.
  app.use(errorPage(context));
  app.use(answerProblems(log));
  return app;
}

/** What speaks to Prometheus is loaded when it asks first: most farms are never asked. */
function metrics(parts: WebParts): RequestHandler {
  const { db, farm, now } = parts.context;
  const asked = {
    db,
    farm: () => farm(),
    now: () => now(),
    vitals: () => parts.vitals(),
    streams: () => parts.streams.count,
  };
  let door: Promise<RequestHandler> | undefined;
  return async (request, response, next) => {
    door ??= import('../metrics/door.ts').then(({ metricsDoor }) =>
      metricsDoor(asked, parts.eventCounts),
    );
    const answer = await door;
    await answer(request, response, next);
  };
}

/** Only who is signed in may send much. */
function farmBody(signIn: AdminSignIn): RequestHandler {
  const takeFarm = express.json({ limit: maxFarmBytes });
  return (request, response, next) => {
    if (signIn.actorOf(request) === null) next();
    else takeFarm(request, response, next);
  };
}

function apiRoutes({ context, signIn, feed, growth, streams, log }: WebParts): Router {
  const doors = [
    ...readDoors(context),
    ...testDoors(context),
    ...farmDoors(context),
    ownerDoor(context),
    ...invitationDoors(context),
    ...noticeDoors(context),
    logLinesDoor(context),
    ...commandDoors(context),
  ];
  const document = openApiDocument(doors);
  const router = express.Router();
  router.get('/api/v1/openapi.json', (_request, response) => {
    response.set('cache-control', 'no-cache').json(document);
  });
  // A HEAD would open a stream that nobody reads.
  router.head(['/api/v1/events', '/api/v1/logs/:id/live'], (_request, response) => {
    response.type('text/event-stream').end();
  });
  router.get('/api/v1/events', eventDoor(context.db, feed, streams));
  router.get('/api/v1/logs/:id/live', logLiveDoor(context, growth, streams));
  router.get('/api/v1/logs/:id', logDoor(context, log));
  const shared = new SharedAnswers({
    newestEvent: async () => (await eventBounds(context.db)).newest,
    farm: () => context.farm(),
    now: () => performance.now(),
  });
  router.use(doorRoutes(doors, { signIn, shared }));
  router.use(otherMethods([...doors, ...otherDoors]));
  return router;
}
