import { performance } from 'node:perf_hooks';
import type { Request, RequestHandler, Response } from 'express';
import { eventBounds } from '../../store/events.ts';
import type { WebContext } from '../context.ts';
import { SharedAnswers } from '../server/shared-answers.ts';
import { page, visitOf } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';
import { originOf } from './origin.ts';

export type Shown = { readonly title: string; readonly content: Html };
export type MakePage = (visit: Visit, request: Request) => Promise<Shown>;

/** A handler that shows a page. */
export function show(context: WebContext, make: MakePage): RequestHandler {
  return async (request: Request, response: Response) => {
    send(response, await draw(context, make, request));
  };
}

/**
 * As `show`, for a page that depends on its address alone, host included, as long as nobody is signed
 * in: visitors share it.
 */
export function showToAll(context: WebContext, make: MakePage): RequestHandler {
  const { db, signIn } = context;
  const shared = new SharedAnswers({
    newestEvent: async () => (await eventBounds(db)).newest,
    farm: () => context.farm(),
    now: () => performance.now(),
  });
  return async (request: Request, response: Response) => {
    const drawn = (): Promise<Buffer> => draw(context, make, request);
    const isVisitor = signIn.actorOf(request) === null;
    send(
      response,
      await (isVisitor ? shared.get(originOf(request) + request.originalUrl, drawn) : drawn()),
    );
  };
}

async function draw(context: WebContext, make: MakePage, request: Request): Promise<Buffer> {
  const visit = await visitOf(context, request);
  const { title, content } = await make(visit, request);
  return Buffer.from(page(visit, title, content));
}

/** Not by `response.send`, which would hash what no browser may keep. */
function send(response: Response, html: Buffer): void {
  response.set({ 'cache-control': 'no-store', 'content-length': String(html.length) });
  response.type('html').end(html);
}
