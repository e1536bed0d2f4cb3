import type { TestOutcome } from '@weir/protocol';
import { z } from 'zod';
import { ReportError, isDuration } from './tally.ts';
import type { Tally } from './tally.ts';

/** A document is read as a whole. */
const maxBytes = 64 * 1024 * 1024;
/** JSON.parse needs 50 bytes for each open bracket, outside of the heap that has a limit. */
const maxDepth = 200;

const summarySchema = z.object({
  tests: z.number(),
  start: z.number(),
  stop: z.number(),
  duration: z.number(),
});
const testSchema = z.object({
  name: z.string(),
  suite: z.union([z.string(), z.array(z.string())]).optional(),
  status: z.string(),
  duration: z.number().optional(),
  message: z.string().nullish(),
  retries: z.number().int().nonnegative().nullish(),
});
const reportSchema = z.object({
  results: z.object({ summary: summarySchema.partial().optional(), tests: z.array(testSchema) }),
});
type Results = z.infer<typeof reportSchema>['results'];

/**
 * Reads CTRF, the Common Test Report Format (<https://ctrf.io/docs/specification>).
 *
 * @throws ReportError when it is none
 */
export function readCtrf(pieces: Iterable<string>, tally: Tally): void {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length > maxBytes) throw new ReportError('capped', 'it is larger than 64 MiB');
  }
  const results = parse(text);
  for (const { name, suite = [], status, duration, message, retries } of results.tests) {
    const path = typeof suite === 'string' ? [suite] : suite;
    tally.add({
      name: [...path, name].join(' > '),
      outcome: outcomeOf(status),
      durationMs: duration,
      attempt: (retries ?? 0) + 1,
      message: message ?? undefined,
    });
  }
  tally.addDuration(durationOf(results));
  const { summary, tests } = results;
  if (summary?.tests !== undefined && summary.tests !== tests.length) {
    tally.differs(`its summary speaks of ${summary.tests} tests, ${tests.length} are there`);
  }
}

function parse(text: string): Results {
  if (text.trim() === '') throw new ReportError('missing', 'it is empty');
  if (isDeeper(text, maxDepth)) {
    throw new ReportError('invalid', `it is nested deeper than ${maxDepth}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ReportError('invalid', (error as Error).message);
  }
  const read = reportSchema.safeParse(value);
  if (read.success) return read.data.results;
  const [issue] = read.error.issues;
  throw new ReportError('invalid', `${issue?.path.join('.')}: ${issue?.message}`);
}

/** Does JSON, if it is some, nest any deeper? */
function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') isInString = !isInString;
    else if (isInString && char === '\\') at += 1;
    else if (isInString) continue;
    else if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth -= 1;
    if (depth > most) return true;
  }
  return false;
}

/** From its beginning to its end; where a producer knows neither, what its tests took. */
function durationOf({ summary = {}, tests }: Results): number | undefined {
  const { start = 0, stop = 0, duration = stop - start } = summary;
  if (duration > 0 && isDuration(duration)) return duration;
  const known = tests.flatMap((test) => test.duration ?? []);
  return known.length === 0 ? undefined : known.reduce((sum, ms) => sum + ms, 0);
}

function outcomeOf(status: string): TestOutcome {
  if (status === 'passed') return 'passed';
  return status === 'skipped' || status === 'pending' ? 'skipped' : 'failed';
}
