import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { WebContext } from '../context.ts';
import { toProblem } from '../server/problem-answers.ts';
import { problem } from '../server/problems.ts';
import { frameWithoutStore, page, visitOf } from './frame.ts';
import type { Frame } from './frame.ts';
import { html } from './html.ts';

/** Stands behind all pages: there is none at this address. */
export const noSuchPage: RequestHandler = (request, _response, next) => {
  if (request.method === 'GET' && wantsPage(request)) {
    throw problem('not-found', `there is no page ${request.path}`);
  }
  next();
};

/** What went wrong, as a page for who looks at pages; programs get the problem itself, from the next handler. */
export function errorPage(context: WebContext): ErrorRequestHandler {
  return async (error: unknown, request, response, next) => {
    const known = toProblem(error);
    const { status, title, message, code } = known;
    // The farm's own faults go on to where they are logged: drawing a page might fail like what it tells of.
    const isOurFault = status === 500 && known !== error;
    if (isOurFault || !wantsPage(request) || response.headersSent) return next(error);
    // The header needs the store as well, which may be what is away.
    const bare = (): Promise<Frame> => frameWithoutStore(context, request);
    const frame =
      code === 'store-away' ? await bare() : await visitOf(context, request).catch(bare);
    const isWorthAnotherTry = status === 503 && request.method === 'GET';
    const content = html`<h1>${title}</h1>
      <p>${message}</p>
      <p class="quiet">${status} ${code}</p>
      <p>
        ${isWorthAnotherTry ? html`<a href="${frame.here}">Try again</a> · ` : ''}<a href="/"
          >To the waterfall</a
        >
      </p>`;
    response.status(status).set('cache-control', 'no-store').type('html');
    response.send(page(frame, title, content));
  };
}

function wantsPage(request: Request): boolean {
  return !request.path.startsWith('/api/') && request.accepts(['json', 'html']) === 'html';
}
