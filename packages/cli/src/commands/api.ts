import process from 'node:process';
import { problemSchema } from '@weir/protocol';
import type { Problem } from '@weir/protocol';
import { UsageError } from '../usage.ts';

/** Options of every command that speaks to a running farm. */
export const apiOptions = {
  url: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const apiOptionsHelp = `
  --url URL      the farm's address (default: $WEIR_URL, else http://127.0.0.1:8010)
  --token TOKEN  the admin token (default: $WEIR_ADMIN_TOKEN)
  --json         print the API's answer`;

export interface ApiOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** Asks a running farm. @throws Error that says what to do when it can't be reached or refuses */
export async function callApi(
  options: ApiOptions,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const base = options.url ?? process.env['WEIR_URL'] ?? 'http://127.0.0.1:8010';
  const token = options.token ?? process.env['WEIR_ADMIN_TOKEN'];
  if (method === 'POST' && token === undefined) {
    throw new UsageError(
      'this changes the farm: name the admin token by --token or WEIR_ADMIN_TOKEN',
    );
  }
  const url = URL.parse(path, base);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(`'${base}' is no address of a farm: https://... was expected`);
  }
  const response = await request(url, {
    method,
    headers: {
      accept: 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const problem = problemSchema.safeParse(answer);
  if (problem.success) throw new ApiProblem(problem.data);
  throw new Error(`${base} answered ${response.status} ${response.statusText}: is it a Weir farm?`);
}

/** The farm refused, and said why. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.detail} (${problem.code})`);
    this.problem = problem;
  }
}

async function request(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw new Error(`no farm answers at ${url.origin}: is 'weir master' running there?`, {
      cause: error,
    });
  }
}
