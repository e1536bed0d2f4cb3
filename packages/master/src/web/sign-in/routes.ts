import type { Request } from 'express';
import { Router } from 'express';
import type { FarmFacts } from '../../command.ts';
import { ProblemError } from '../server/problems.ts';
import { cookieOptions } from './cookies.ts';
import { sessionCookie, sessionSeconds } from './session.ts';
import type { AdminSignIn } from './sign-in.ts';

/**
 * `POST /sign-in` with the form fields `token` and `to` (a path to go on at), `POST /sign-out`.
 * Who failed comes back to the page `/sign-in` with `failed` set to the problem's code.
 */
export function signInRoutes(signIn: AdminSignIn, farm: () => FarmFacts): Router {
  const router = Router();
  router.post('/sign-in', async (request, response) => {
    const token = fieldOf(request, 'token');
    const to = localPath(fieldOf(request, 'to'));
    try {
      const session = await signIn.begin(token.trim(), request.ip ?? '');
      response.cookie(sessionCookie, session, cookieOptions(request, farm(), sessionSeconds));
      response.redirect(303, to);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const query = new URLSearchParams({ failed: error.code, to });
      response.redirect(303, `/sign-in?${query.toString()}`);
    }
  });
  router.post('/sign-out', signIn.requireSignIn, (request, response) => {
    response.clearCookie(sessionCookie, cookieOptions(request, farm(), sessionSeconds));
    response.redirect(303, '/');
  });
  return router;
}

function fieldOf(request: Request, name: string): string {
  const body = (request.body ?? {}) as Record<string, unknown>;
  const value = body[name];
  return typeof value === 'string' ? value : '';
}

// `//host` and `/\host` are other sites to a browser.
function localPath(path: string): string {
  return /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path) ? path : '/';
}
