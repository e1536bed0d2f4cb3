import type { Request, RequestHandler, Response } from 'express';
import type { WebContext } from '../context.ts';
import { page, visitOf } from './frame.ts';
import type { Visit } from './frame.ts';
import type { Html } from './html.ts';

export type Shown = { readonly title: string; readonly content: Html };

/** A handler that shows a page. */
export function show(
  context: WebContext,
  make: (visit: Visit, request: Request) => Promise<Shown>,
): RequestHandler {
  return async (request: Request, response: Response) => {
    const visit = await visitOf(context, request);
    const { title, content } = await make(visit, request);
    response
      .set('cache-control', 'no-store')
      .type('html')
      .send(page(visit, title, content));
  };
}
