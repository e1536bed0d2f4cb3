import { z } from 'zod';
import { defaultLimit, maxLimit } from '../read/page.ts';
import { problem } from '../server/problems.ts';
import type { ProblemCode } from '../server/problems.ts';

/** What every list takes. */
export const pageQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(maxLimit)
    .default(defaultLimit)
    .describe(`at most so many items; at most ${maxLimit}`),
  cursor: z.string().max(500).optional().describe('`next` of the page before'),
});

export const nameFilter = z.string().max(400).optional();

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** @throws ProblemError that names the first field that is wrong */
export function parseAsked<T>(schema: z.ZodType<T>, value: unknown, code: ProblemCode): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw problem(code, `${field === '' ? '' : `${field}: `}${issue?.message ?? 'not understood'}`);
}

type Noun =
  | 'artifact'
  | 'breakage'
  | 'build'
  | 'builder'
  | 'change'
  | 'delivery'
  | 'invitation'
  | 'log'
  | 'notice'
  | 'request'
  | 'upstream'
  | 'version'
  | 'worker';

/** The thing, unless there is none. @throws ProblemError */
export function found<T>(thing: T | undefined, noun: Noun, subject: string | number): T {
  if (thing !== undefined) return thing;
  throw problem(`no-such-${noun}`, `there is no ${noun} ${String(subject).slice(0, 400)}`);
}

/** A row's id as it stands in a path. @throws ProblemError: what is no number names nothing */
export function idOf(subject: string, noun: Noun): number {
  const id = /^[1-9]\d{0,14}$/.test(subject) ? Number(subject) : undefined;
  return found(id, noun, subject);
}
