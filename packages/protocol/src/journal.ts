import { z } from 'zod';
import { artifactSchema, sha256Schema } from './artifact.ts';
import { stepReportSchema } from './report.ts';
import { resolvedFilesSchema } from './resolved.ts';
import { findings, results } from './words.ts';

/** A kept part of a log: byte offsets in what the step printed, end exclusive. */
export const rangeSchema = z.tuple([
  z.number().int().nonnegative(),
  z.number().int().nonnegative(),
]);
export type Range = z.infer<typeof rangeSchema>;

const n = z.number().int().positive();
/** The worker's clock, milliseconds UTC: a label, never an order. */
const at = z.number().int().nonnegative();
const step = z.number().int().nonnegative();

/**
 * One line of a build's journal. The slot runner appends them, numbered from 1 without gaps; the
 * master applies them in order, once each. Together with its logs they are the whole of a build.
 * Each step has one log, with the step's own index as its number.
 */
export const journalEntrySchema = z.discriminatedUnion('t', [
  z.object({ t: z.literal('step-started'), n, at, step }),
  /** Every byte of the log is in the spool. `bytes` counts what was printed, `ranges` what was kept. */
  z.object({
    t: z.literal('log-finished'),
    n,
    at,
    step,
    bytes: z.number().int().nonnegative(),
    ranges: z.array(rangeSchema).max(2),
    /** Of the kept bytes, in order; hexadecimal. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  z.object({
    t: z.literal('step-finished'),
    n,
    at,
    step,
    result: z.enum(results),
    findings: z.array(z.enum(findings)).max(10),
    exitCode: z.number().int().nullable(),
    signal: z.string().max(20).nullable(),
    /** One line for people: "timed out after 20 min". */
    text: z.string().max(500),
    /** Of a step that has one, and ran. */
    report: stepReportSchema.optional(),
    /** What its dependencies came to, of a step that says so, and ran. */
    resolved: resolvedFilesSchema.optional(),
  }),
  /** The runtime that the build made is packed, and the farm has it. */
  z.object({ t: z.literal('artifact'), n, at, ...artifactSchema.shape }),
  z.object({
    t: z.literal('build-finished'),
    n,
    at,
    result: z.enum(results),
    findings: z.array(z.enum(findings)).max(20),
    text: z.string().max(500),
    /** Facts recorded with the build: kernel, sandbox and the limits in force, CPU, memory. */
    environment: z.record(z.string().max(100), z.string().max(500)),
    /** An object that the build needed and could not have: the farm has it no more, or sent other bytes. */
    unfetched: sha256Schema.optional(),
  }),
]);
export type JournalEntry = z.infer<typeof journalEntrySchema>;
