import { Router } from 'express';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { QueueBoard } from '../../queue/board.ts';
import { RedisAwayError } from '../../redis/redis-away-error.ts';
import type { SignIn } from '../context.ts';
import { problem } from '../server/problems.ts';

/** Makes the board for this path; called once. */
export type OpenBoard = (path: string) => Promise<QueueBoard>;

const path = '/queue/board';

/** Its own script and styles, some of them written into its elements, and its own images. */
const setPolicy = helmet.contentSecurityPolicy({
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

/** Bull Board over what waits, for who is signed in. `open` is null where no Redis is known. */
export function boardRoutes(signIn: SignIn, open: OpenBoard | null): Router {
  const router = Router();
  let opening: Promise<QueueBoard> | undefined;
  router.use(path, signIn.requireSignIn, refuseWrites, async (request, response, next) => {
    if (open === null) throw problem('not-found', 'this server was given no Redis: see /queue');
    const show = await handlerOf(await (opening ??= open(path)));
    response.set('cache-control', 'no-store');
    setPolicy(request, response, () => show(request, response, next));
  });
  return router;
}

/** Bull Board refuses what would change the index by itself: this is so whatever doors it grows. */
const refuseWrites: RequestHandler = (request, _response, next) => {
  if (request.method === 'GET' || request.method === 'HEAD') return next();
  throw problem('method-not-allowed', 'the board only shows', { headers: { allow: 'GET, HEAD' } });
};

async function handlerOf(board: QueueBoard): Promise<RequestHandler> {
  try {
    return await board.handler();
  } catch (error) {
    if (!(error instanceof RedisAwayError)) throw error;
    throw problem('redis-away', `Redis can't be asked: ${error.message}`, { cause: error });
  }
}
