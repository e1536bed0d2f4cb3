import { Router } from 'express';
import type { WebContext } from '../context.ts';
import {
  artifactsOfSameRuntime,
  buildsWithArtifact,
  changeOfArtifact,
  readArtifact,
} from '../read/artifacts.ts';
import { readBuilder } from '../read/builders.ts';
import { buildsOfRequest, listBuilds, readBuild } from '../read/builds.ts';
import { readChange } from '../read/changes.ts';
import { readQueue } from '../read/queue.ts';
import { listRequests, readRequest } from '../read/requests.ts';
import { buildSummaryList } from '../read/summaries.ts';
import { problem } from '../server/problems.ts';
import { addressOf } from './address.ts';
import { artifactPage, runsShown } from './artifact.ts';
import { breakageRoutes } from './breakage-routes.ts';
import { buildPage } from './build.ts';
import { builderPage } from './builder.ts';
import { changePage } from './change.ts';
import { commandRoutes } from './command-routes.ts';
import { consoleRoutes } from './console-routes.ts';
import { noSuchPage } from './error-page.ts';
import { farmFileRoutes } from './farm-file-routes.ts';
import { invitationRoutes } from './invitation-routes.ts';
import { readLogView, tailsOf } from './log-data.ts';
import { logPage } from './log.ts';
import { matrixRoutes } from './matrix-routes.ts';
import { outboxRoutes } from './outbox-routes.ts';
import { nameOf, numberOf } from './params.ts';
import { queuePage } from './queue.ts';
import { registerRoutes } from './register-routes.ts';
import { requestPage } from './request.ts';
import { show, showToAll } from './show.ts';
import { signInPage } from './sign-in.ts';
import { subscribeRoutes } from './subscribe-routes.ts';
import { testRoutes } from './test-routes.ts';
import { one, waterfallAsk } from './waterfall-ask.ts';
import { readWaterfall } from './waterfall-data.ts';
import { waterfallPage } from './waterfall.ts';
import { workerRoutes } from './worker-routes.ts';

const buildsInPage = 50;

/** Every page that people look at. They are whole without script; the script keeps them fresh. */
export function pageRoutes(context: WebContext): Router {
  const { db, logs, farm } = context;
  const rules = () => farm().rules;
  const router = Router();

  router.get('/favicon.svg', (_request, response) => {
    response.set('cache-control', 'max-age=86400').type('image/svg+xml').send(favicon);
  });
  router.get(
    '/',
    showToAll(context, async (visit, request) => {
      const waterfall = await readWaterfall(db, logs, rules(), waterfallAsk(request), visit.now);
      return { title: '', content: waterfallPage(visit, waterfall) };
    }),
  );
  router.get(
    '/builders/*name',
    showToAll(context, async (visit, request) => {
      const name = nameOf(request);
      const builder = await readBuilder(db, rules(), name, visit.now);
      if (builder === undefined) throw problem('no-such-builder', `there is no builder ${name}`);
      const cursor = one(request, 'cursor');
      const builds = await listBuilds(db, { builder: name, limit: buildsInPage, cursor });
      const ask = { builder: name, state: 'waiting', limit: buildsInPage } as const;
      const waiting = await listRequests(db, rules(), ask, visit.now);
      const older = builds.next === null ? null : `cursor=${encodeURIComponent(builds.next)}`;
      const view = { builder, builds: builds.items, waiting: waiting.items, older };
      return { title: name, content: builderPage(visit, view) };
    }),
  );
  router.get(
    '/builds/:id',
    showToAll(context, async (visit, request) => {
      const build = await readBuild(context, numberOf(request));
      if (build === undefined) throw problem('no-such-build', 'there is no such build');
      const { reattachWithinMs } = context.farm().file.limits;
      const tails = await tailsOf(context, build);
      const url = addressOf(context, request);
      const { shortage } = context.farm();
      const content = buildPage(visit, { build, tails, reattachWithinMs, url, shortage });
      return { title: `${build.builder} #${build.number}`, content };
    }),
  );
  router.get(
    '/requests/:id',
    showToAll(context, async (visit, request) => {
      const id = numberOf(request);
      const found = await readRequest(db, rules(), id, visit.now);
      if (found === undefined) throw problem('no-such-request', 'there is no such request');
      const builds = await buildsOfRequest(db, id);
      const { maxAttempts } = context.farm().file.limits;
      const view = { request: found, builds, maxAttempts };
      return { title: `Request ${id}`, content: requestPage(visit, view) };
    }),
  );
  router.get(
    '/artifacts/:id',
    showToAll(context, async (visit, request) => {
      const artifact = await readArtifact(db, numberOf(request));
      if (artifact === undefined) throw problem('no-such-artifact', 'there is no such artifact');
      const view = {
        artifact,
        build: await readBuild(context, artifact.build),
        made: await artifactsOfSameRuntime(db, artifact),
        change: await changeOfArtifact(db, artifact),
        ran: await buildSummaryList(db, await buildsWithArtifact(db, artifact, runsShown + 1)),
      };
      return { title: `Artifact of ${artifact.builder}`, content: artifactPage(visit, view) };
    }),
  );
  router.get(
    '/changes/:id',
    showToAll(context, async (visit, request) => {
      const change = await readChange(db, numberOf(request));
      if (change === undefined) throw problem('no-such-change', 'there is no such change');
      return { title: change.subject, content: changePage(visit, change) };
    }),
  );
  router.get(
    '/logs/:id',
    showToAll(context, async (visit, request) => {
      const from = Number(one(request, 'from') ?? Number.NaN);
      const view = await readLogView(context, numberOf(request), from);
      if (view === undefined) throw problem('no-such-log', 'there is no such log');
      return { title: `Log of ${view.step}`, content: logPage(visit, view) };
    }),
  );
  router.get(
    '/sign-in',
    show(context, async (visit, request) => {
      const asked = { to: one(request, 'to') ?? '/', failed: one(request, 'failed') };
      return { title: 'Sign in', content: signInPage(visit, asked) };
    }),
  );
  router.get(
    '/queue',
    context.signIn.requireSignIn,
    show(context, async (visit) => {
      const queue = await readQueue(db, rules(), context.readIndex, context.now());
      return { title: 'Queue', content: queuePage(visit, queue) };
    }),
  );
  router.use(testRoutes(context));
  router.use(consoleRoutes(context));
  router.use(matrixRoutes(context));
  router.use(farmFileRoutes(context));
  router.use(breakageRoutes(context));
  router.use(outboxRoutes(context));
  router.use(subscribeRoutes(context));
  router.use(registerRoutes(context));
  router.use(workerRoutes(context));
  router.use(invitationRoutes(context));
  router.use(commandRoutes(context));
  router.use(noSuchPage);
  return router;
}

/** Water over a low wall. */
const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#0b6e99" d="M2 8q6-5 12 0t12 0l4 2v6q-2 0-3 4t-1 8H2z"/><path fill="#8fdf5f" d="M2 22h18v8H2z"/></svg>`;
