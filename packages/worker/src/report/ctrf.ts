import type { TestOutcome } from '@weir/protocol';
import { z } from 'zod';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

/** A document is read as a whole. */
const maxBytes = 64 * 1024 * 1024;

const reportSchema = z.object({
  results: z.object({
    summary: z.object({ tests: z.number() }).partial().optional(),
    tests: z.array(
      z.object({
        name: z.string(),
        suite: z.union([z.string(), z.array(z.string())]).optional(),
        status: z.string(),
        duration: z.number().optional(),
        message: z.string().nullish(),
      }),
    ),
  }),
});

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
  const { summary, tests } = parse(text).results;
  for (const { name, suite = [], status, duration, message } of tests) {
    const path = typeof suite === 'string' ? [suite] : suite;
    tally.add({
      name: [...path, name].join(' > '),
      outcome: outcomeOf(status),
      durationMs: duration,
      message: message ?? undefined,
    });
  }
  if (summary?.tests !== undefined && summary.tests !== tests.length) {
    tally.differs(`its summary speaks of ${summary.tests} tests, ${tests.length} are there`);
  }
}

function parse(text: string): z.infer<typeof reportSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ReportError('invalid', (error as Error).message);
  }
  const read = reportSchema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new ReportError('invalid', `${issue?.path.join('.')}: ${issue?.message}`);
}

function outcomeOf(status: string): TestOutcome {
  if (status === 'passed') return 'passed';
  return status === 'skipped' || status === 'pending' ? 'skipped' : 'failed';
}
