import type { FarmFileError } from '@weir/protocol';
import type { Refusal } from '../../refusal.ts';

/** Every way in which the web role itself refuses: its code, and what that means. The list is docs/errors.md. */
export const problems = {
  'bad-body': { status: 400, title: 'The body is not what this door takes' },
  'bad-cursor': { status: 400, title: 'The cursor is not one that this farm gave' },
  'bad-farm-file': { status: 400, title: 'The farm file has mistakes' },
  'bad-hook': { status: 400, title: 'The hook is not what this forge sends' },
  'bad-query': { status: 400, title: 'The query is not what this door takes' },
  'bad-upload': { status: 400, title: 'The upload does not say what it brings' },
  'bad-url': { status: 400, title: 'The address can not be read' },
  'not-signed-in': { status: 401, title: 'This needs a sign-in' },
  'wrong-signature': { status: 401, title: 'The hook is not signed with the secret' },
  'wrong-token': { status: 401, title: 'The token is not the admin token' },
  'wrong-upload-token': { status: 401, title: 'The token is not that of the build' },
  'bad-signature': { status: 401, title: 'The signature is not good' },
  'not-the-owner': { status: 403, title: 'This is for the owner of the worker' },
  'owner-link-spent': { status: 403, title: 'The link is good no more' },
  'hooks-off': { status: 403, title: 'This farm takes no hooks' },
  'csrf-token-missing': { status: 403, title: 'The form did not come from a page of this farm' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'not-followed': { status: 404, title: 'The farm does not follow this repository' },
  'no-such-artifact': { status: 404, title: 'There is no such artifact' },
  'no-such-breakage': { status: 404, title: 'There is no such breakage' },
  'no-such-build': { status: 404, title: 'There is no such build' },
  'no-such-builder': { status: 404, title: 'There is no such builder' },
  'no-such-change': { status: 404, title: 'There is no such change' },
  'no-such-delivery': { status: 404, title: 'There is no such delivery' },
  'no-such-invitation': { status: 404, title: 'There is no such invitation' },
  'no-such-log': { status: 404, title: 'There is no such log' },
  'no-such-notice': { status: 404, title: 'There is no such notice' },
  'no-such-request': { status: 404, title: 'There is no such request' },
  'no-such-upstream': { status: 404, title: 'There is no such upstream' },
  'no-such-version': { status: 404, title: 'There is no such version of the farm file' },
  'no-tests': { status: 404, title: 'There is no list of these tests' },
  'no-such-worker': { status: 404, title: 'There is no such worker' },
  'method-not-allowed': { status: 405, title: 'This door does not take that method' },
  'spec-not-kept': { status: 410, title: 'What the worker of the build was told is not kept' },
  'log-dropped': { status: 410, title: 'The log is older than the farm keeps logs' },
  'build-over': { status: 410, title: 'The build has ended' },
  'upload-busy': { status: 409, title: 'The upload is being brought over another connection' },
  'wrong-offset': { status: 409, title: 'The upload goes on at another place' },
  'version-unreadable': { status: 409, title: 'This Weir can not read that version any more' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a type that is not taken' },
  'range-not-satisfiable': { status: 416, title: 'There are no such bytes' },
  'wrong-bytes': { status: 422, title: 'The bytes are not those of the hash' },
  'too-many-failures': { status: 429, title: 'Too many wrong tokens came from there' },
  internal: { status: 500, title: 'The farm failed' },
  'engine-away': { status: 503, title: 'The engine does not answer' },
  'disk-full': { status: 503, title: 'The farm has too little room for its data' },
  'object-missing': { status: 503, title: 'An object of the farm is missing' },
  'objects-away': { status: 503, title: 'Stored objects can not be had' },
  'redis-away': { status: 503, title: 'Redis does not answer' },
  'store-away': { status: 503, title: 'The store is not there, or not ready' },
  'too-many-searches': { status: 503, title: 'Too many look through lists of tests' },
  'too-many-streams': { status: 503, title: 'Too many live streams are open' },
} as const;
export type ProblemCode = keyof typeof problems;

export interface ProblemOptions extends ErrorOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** What is wrong with a farm file. */
  readonly errors?: readonly FarmFileError[];
}

/** A request that can't be answered as asked. Becomes `application/problem+json`, or a page. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  /** Stable; listed in docs/errors.md. */
  readonly code: string;
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: readonly FarmFileError[] | undefined;

  constructor(
    problem: { status: number; code: string; title: string },
    detail: string,
    options: ProblemOptions = {},
  ) {
    super(detail, options);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.headers = options.headers ?? {};
    this.errors = options.errors;
  }
}

/** One of the web role's own problems. */
export function problem(
  code: ProblemCode,
  detail: string,
  options: ProblemOptions = {},
): ProblemError {
  return new ProblemError({ code, ...problems[code] }, detail, options);
}

const engineTitles: Readonly<Record<number, string>> = {
  400: 'The command makes no sense to the engine',
  404: 'There is no such thing on this farm',
  409: 'The state of things does not allow it',
  503: 'The engine can not do it now',
};

/** What the engine refused, in its own words and with its own code. */
export function refusedByEngine(
  refused: Omit<Refusal, 'status'> & { status: number },
  cause?: unknown,
): ProblemError {
  const { status, code, detail, errors } = refused;
  const title = titleOf(code) ?? engineTitles[status] ?? problems.internal.title;
  return new ProblemError({ status, code, title }, detail, { cause, ...(errors && { errors }) });
}

function titleOf(code: string): string | undefined {
  return Object.hasOwn(problems, code) ? problems[code as ProblemCode].title : undefined;
}
