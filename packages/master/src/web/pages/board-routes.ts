import { Router } from 'express';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { SignIn } from '../context.ts';
import { problem } from '../server/problems.ts';

/** Makes the handler of Bull Board at this path; rejects when Redis is away. */
export type OpenBoard = (path: string) => Promise<RequestHandler>;

const path = '/queue/board';

/** Its own script and styles, some of them written into its elements, and its own images. */
const policy = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'self'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** What waits as BullMQ's own page shows it, for who is signed in. `open` is null where the farm has no Redis. */
export function boardRoutes(signIn: SignIn, open: OpenBoard | null): Router {
  const router = Router();
  let board: Promise<RequestHandler> | undefined;
  router.use(path, signIn.requireSignIn, onlyReads, policy, async (request, response, next) => {
    if (open === null) throw problem('not-found', 'this farm has no Redis: see /queue');
    board ??= open(path).catch((error: unknown) => {
      board = undefined;
      const why = error instanceof Error ? error.message : String(error);
      throw problem('redis-away', `Redis can't be asked: ${why}`, { cause: error });
    });
    const show = await board;
    show(request, response, next);
  });
  return router;
}

/** Bull Board refuses what would change the index by itself: this is so whatever doors it grows. */
const onlyReads: RequestHandler = (request, _response, next) => {
  if (request.method === 'GET' || request.method === 'HEAD') return next();
  throw problem('method-not-allowed', 'the board only shows', { headers: { allow: 'GET, HEAD' } });
};
