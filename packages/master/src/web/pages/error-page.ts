import { Router } from 'express';
import type { ErrorRequestHandler, Request } from 'express';
import type { WebContext } from '../context.ts';
import { toProblem } from '../server/problem-answers.ts';
import { problem } from '../server/problems.ts';
import { page, visitOf } from './frame.ts';
import { html } from './html.ts';

/** What went wrong, as a page for who looks at pages; programs get the problem itself, from the next handler. */
export function errorPages(context: WebContext): Router {
  const router = Router();
  router.get('/*any', (request, _response, next) => {
    if (!wantsPage(request)) return next();
    throw problem('not-found', `there is no page ${request.path}`);
  });
  const show: ErrorRequestHandler = async (error: unknown, request, response, next) => {
    const { status, title, message, code } = toProblem(error);
    if (status >= 500 || !wantsPage(request) || response.headersSent) return next(error);
    const visit = await visitOf(context, request);
    const content = html`<h1>${title}</h1>
      <p>${message}</p>
      <p class="quiet">${status} ${code}</p>
      <p><a href="/">To the waterfall</a></p>`;
    response.status(status).set('cache-control', 'no-store').type('html');
    response.send(page(visit, title, content));
  };
  router.use(show);
  return router;
}

function wantsPage(request: Request): boolean {
  return !request.path.startsWith('/api/') && request.accepts(['json', 'html']) === 'html';
}
