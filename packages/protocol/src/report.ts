import { z } from 'zod';
import { objectSchema } from './artifact.ts';
import {
  expectedFailureSchema,
  maxExpectedFailures,
  seenExpectationSchema,
} from './expected-failures.ts';
import { numberText } from './number-words.ts';

/** How a step's report is read. Those from `pytest` on are the summaries that runners print for people. */
export const reportFormats = [
  'junit',
  'tap',
  'go-test',
  'ctrf',
  'subunit',
  'pytest',
  'unittest',
  'trial',
  'mocha',
  'node-test',
  'busted',
  'prove',
] as const;
export type ReportFormat = (typeof reportFormats)[number];

export const testOutcomes = [
  'passed',
  'failed',
  'skipped',
  'expected-failure',
  'unexpected-pass',
] as const;
export type TestOutcome = (typeof testOutcomes)[number];

const count = z.number().int().nonnegative();

export const testTotalsSchema = z.object({
  passed: count,
  failed: count,
  skipped: count,
  expectedFailures: count,
  unexpectedPasses: count,
});
export type TestTotals = z.infer<typeof testTotalsSchema>;

/** How many tests a report speaks of, those that were skipped included. */
export function testCount(totals: TestTotals): number {
  const { passed, failed, skipped, expectedFailures, unexpectedPasses } = totals;
  return passed + failed + skipped + expectedFailures + unexpectedPasses;
}

/** `8 passed, 1 failed, 1 skipped`, or `no tests`. */
export function totalsText(totals: TestTotals): string {
  const { passed, failed, skipped, expectedFailures, unexpectedPasses } = totals;
  const counts = [
    [passed, 'passed'],
    [failed, 'failed'],
    [skipped, 'skipped'],
    [expectedFailures, 'failed as expected'],
    [unexpectedPasses, 'passed unexpectedly'],
  ] as const;
  const words = counts.flatMap(([count, word]) =>
    count === 0 ? [] : [`${numberText(count)} ${word}`],
  );
  return testCount(totals) === 0 ? 'no tests' : words.join(', ');
}

/** Tests that failed are named, up to this number; all are counted. */
export const maxNamedTests = 20;
export const maxTestName = 300;
export const maxTestMessage = 500;

/** Where every test of a step stands: zstd of what `encodeTestNames` and `encodeTestResults` give. */
export const storedTestsSchema = z.object({ names: objectSchema, results: objectSchema });
export type StoredTests = z.infer<typeof storedTestsSchema>;

/** What the test suite of one step said, as its worker read it. */
export const stepReportSchema = z.object({
  format: z.enum(reportFormats),
  /**
   * `missing`: there was no report where one should be, or nothing in it. `invalid`: it could not be
   * read to its end. `capped`: it was too large, or took too long. What was read until then is counted.
   */
  state: z.enum(['read', 'missing', 'invalid', 'capped']),
  /** Place and reason when it was not read, or why no test ran, for people; else blank. */
  text: z.string().max(500),
  totals: testTotalsSchema,
  /** Milliseconds, as the report has it; null where it says nothing of time. */
  durationMs: z.number().nonnegative().nullable(),
  /** How the tests differ from those that the report itself announces; null where they don't. */
  mismatch: z.string().max(300).nullable(),
  /** Tests that failed or passed against expectation, in the report's order, the first of them. */
  named: z
    .array(
      z.object({
        name: z.string().max(maxTestName),
        outcome: z.enum(testOutcomes),
        /** The first words of what it said. */
        message: z.string().max(maxTestMessage),
      }),
    )
    .max(maxNamedTests),
  /** Every test by name; absent where the report does not name them all. */
  tests: storedTestsSchema.optional(),
  /** What its project expects to fail, of which a test ran: failures among these are expected ones. */
  expected: z.array(seenExpectationSchema).max(maxExpectedFailures).optional(),
});
export type StepReport = z.infer<typeof stepReportSchema>;

/** Where a step's report is: in files of its workspace, or in what it prints. */
export const reportSpecSchema = z.object({
  format: z.enum(reportFormats),
  /** Globs below the workspace; none: what the step prints. */
  files: z.array(z.string().min(1).max(500)).max(20),
  /** What fails with an issue of its own. */
  expected: z.array(expectedFailureSchema).max(maxExpectedFailures).optional(),
});
export type ReportSpec = z.infer<typeof reportSpecSchema>;
