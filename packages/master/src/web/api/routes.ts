import type { Request, Response } from 'express';
import { Router } from 'express';
import type { SignIn } from '../context.ts';
import { problem } from '../server/problems.ts';
import type { SharedAnswers } from '../server/shared-answers.ts';
import { parseAsked } from './asked.ts';
import type { Door } from './door.ts';

/** Opens the doors. */
export function doorRoutes(
  doors: readonly Door[],
  { signIn, shared }: { signIn: SignIn; shared: SharedAnswers },
): Router {
  const router = Router();
  for (const door of doors) {
    const handle = door.isShared ? sharedHandlerOf(door, shared) : handlerOf(door, signIn);
    if (door.method === 'get') router.get(routePath(door.path), handle);
    else if (door.isSigned) router.post(routePath(door.path), handle);
    else router.post(routePath(door.path), signIn.requireSignIn, handle);
  }
  return router;
}

/** Refuses the methods that a path of the API does not take. */
export function otherMethods(doors: readonly { method: string; path: string }[]): Router {
  const router = Router();
  for (const [path, ofPath] of Map.groupBy(doors, (door) => door.path)) {
    const methods = ofPath.map((door) => (door.method === 'get' ? 'GET, HEAD' : 'POST'));
    const allow = methods.join(', ');
    router.all(routePath(path), (request) => {
      throw problem('method-not-allowed', `${request.path} takes ${allow}`, { headers: { allow } });
    });
  }
  return router;
}

/** A builder's name has slashes: it may reach over several segments. */
function routePath(path: string): string {
  return path
    .replace('/builders/{name}', '/builders/*name')
    .replaceAll(/\{(\w+)\}/g, (_, parameter: string) => `:${parameter}`);
}

function handlerOf(door: Door, signIn: SignIn) {
  const bodySchema = door.body?.strict();
  return async (request: Request, response: Response): Promise<void> => {
    const answer = await door.handle({
      subject: subjectOf(request),
      query: door.query && parseAsked(door.query, request.query, 'bad-query'),
      body: bodySchema && parseAsked(bodySchema, bodyOf(request), 'bad-body'),
      actor: signIn.actorOf(request) ?? '',
    });
    response.set('cache-control', 'no-cache');
    if (door.creates !== undefined) {
      response.status(201).location(`${door.creates}/${idIn(answer)}`);
    }
    response.json(answer);
  };
}

/** As `handlerOf`, for a door that answers everybody alike. */
function sharedHandlerOf(door: Door, shared: SharedAnswers) {
  return async (request: Request, response: Response): Promise<void> => {
    const answer = await shared.get(request.originalUrl, async () => {
      const query = door.query && parseAsked(door.query, request.query, 'bad-query');
      const subject = subjectOf(request);
      const made = await door.handle({ subject, query, body: undefined, actor: '' });
      return Buffer.from(JSON.stringify(made));
    });
    response.set('cache-control', 'no-cache').type('application/json').send(answer);
  };
}

function bodyOf(request: Request): unknown {
  if (request.body !== undefined) return request.body;
  if (request.get('content-length') === '0') return {};
  throw problem('unsupported-media-type', 'this door takes application/json');
}

function subjectOf({ params }: Request): string {
  const subject: unknown = params['id'] ?? params['name'] ?? '';
  return Array.isArray(subject) ? subject.join('/') : String(subject);
}

function idIn(answer: unknown): string {
  return typeof answer === 'object' && answer !== null && 'id' in answer ? String(answer.id) : '';
}
