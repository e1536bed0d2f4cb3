import { bytesText } from '@weir/model/layout';
import type { Problem } from '@weir/protocol';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { ObjectMissingError, ObjectsAwayError } from '../../builds/objects/object-store.ts';
import type { Log } from '../../log.ts';
import { refusalOf } from '../../refusal.ts';
import { problem, ProblemError, refusedByEngine } from './problems.ts';

/** Answers for whatever no door in front of it took. */
export const nothingHere: RequestHandler = (request) => {
  throw problem('not-found', `there is no ${request.method} ${request.path}`);
};

/** Answers every error as `application/problem+json`; only what is the farm's own fault is logged. */
export function answerProblems(log: Log): ErrorRequestHandler {
  // express knows an error handler by its four parameters.
  return (error: unknown, request, response, _next) => {
    const known = toProblem(error);
    // What the engine failed at, it has logged itself.
    if (known.status === 500 && known !== error) {
      log.warn(`${request.method} ${request.path} failed: ${stackOf(error)}`);
    }
    // Too late for another answer: only a broken connection tells the client.
    if (response.headersSent) response.destroy();
    else sendProblem(response, known);
  };
}

export function sendProblem(response: Response, error: ProblemError): void {
  const { status, code, title, message, headers, errors } = error;
  const type = `urn:weir:problem:${code}`;
  const problemOf = { type, title, status, code, detail: message };
  const body: Problem = errors === undefined ? problemOf : { ...problemOf, errors: [...errors] };
  response
    .status(status)
    .set(headers)
    .set('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(body));
}

/** What express, its parsers or our own code threw, as one of the problems. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof ObjectsAwayError) {
    const code = error instanceof ObjectMissingError ? 'object-missing' : 'objects-away';
    return problem(code, error.message, { cause: error });
  }
  // A page that can't read has the same reasons as a command that can't write.
  const refusal = refusalOf(error);
  if (refusal !== null) return refusedByEngine(refusal, error);
  const cause = error instanceof Error ? error : undefined;
  const status = cause && 'status' in cause ? cause.status : undefined;
  switch (status) {
    case 413:
      return problem('body-too-large', `the body is larger than ${limitOf(cause)}`, { cause });
    case 415:
      return problem('unsupported-media-type', 'the body has an encoding that is not taken', {
        cause,
      });
    case 400:
      return cause instanceof URIError
        ? problem('bad-url', 'the path is no percent-encoded UTF-8', { cause })
        : problem('bad-body', 'the body can not be parsed', { cause });
    default:
      return problem('internal', 'the farm failed; its operator finds more in its log', { cause });
  }
}

function limitOf(error: Error | undefined): string {
  const limit = error !== undefined && 'limit' in error ? Number(error.limit) : 0;
  return bytesText(limit);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
