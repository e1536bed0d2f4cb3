import { z } from 'zod';
import { id } from './api-values.ts';
import { buildSummarySchema } from './api.ts';
import { testOutcomes } from './report.ts';

/** How a test may differ between two builds: what matters most comes first. */
export const testChangeKinds = [
  'newly-failing',
  'vanished',
  'newly-skipped',
  'slower',
  'fixed',
  'unskipped',
  'new',
] as const;
export type TestChangeKind = (typeof testChangeKinds)[number];

const outcome = z.enum(testOutcomes);
/** About so many milliseconds: two digits of it mean something. */
const durationMs = z.number().nonnegative().nullable();

export const testSchema = z.object({
  name: z.string(),
  /** Null: it is not there any more. */
  outcome: outcome.nullable(),
  durationMs,
  /** How often it was tried. */
  attempts: z.number().int().positive(),
  /** The first words of one that did not simply pass. */
  message: z.string(),
  /** Equal for messages that differ only by times, paths, line numbers and addresses. */
  messageHash: z.string().nullable(),
  /** How it differs from the last green build. */
  change: z.enum(testChangeKinds).nullable(),
  /** What it was there; null when it was not, or there is no such build. */
  before: z.object({ outcome, durationMs }).nullable(),
});
export type ApiTest = z.infer<typeof testSchema>;

/** One page of the tests of a step. */
export const buildTestsSchema = z.object({
  build: id,
  step: z.object({ index: z.number().int().nonnegative(), name: z.string() }),
  /** The last green build before, which `change` is about. */
  base: z.object({ id, number: id }).nullable(),
  /** How many tests changed, by kind. */
  changes: z.record(z.enum(testChangeKinds), z.number().int().nonnegative()),
  /** How many there are that suit the filters. */
  total: z.number().int().nonnegative(),
  items: z.array(testSchema),
  next: z.string().nullable(),
});
export type ApiBuildTests = z.infer<typeof buildTestsSchema>;

/** One build of a builder, and what became of a test in it. */
export const testRunSchema = z.object({
  build: buildSummarySchema,
  /** Null: it was not among the tests, or they can't be read. */
  test: testSchema
    .pick({ outcome: true, durationMs: true, attempts: true, message: true, messageHash: true })
    .extend({ outcome })
    .nullable(),
  /** Why they can't be read; blank when they can. */
  text: z.string(),
});
export type ApiTestRun = z.infer<typeof testRunSchema>;
