import { z } from 'zod';
import { id, time } from './api-values.ts';

/** Something wrong in a farm file: where, what was expected there, and what came. */
export const farmFileErrorSchema = z.object({
  file: z.string(),
  /** From 1. 0 when the file could not be read at all. */
  line: z.number().int(),
  /** From 1, in UTF-16 units, as editors count. */
  column: z.number().int(),
  /** How much of that line is wrong, in UTF-16 units; at least 1. */
  length: z.number().int(),
  /** The keys that lead there, as `projects.json.steps[2].timeout`; empty for the file itself. */
  path: z.string(),
  /** What is wrong, in a few words. */
  problem: z.string(),
  expected: z.string().nullable(),
  came: z.string().nullable(),
  /** What was probably meant, or what to do. */
  suggestion: z.string().nullable(),
});
export type FarmFileError = Readonly<z.infer<typeof farmFileErrorSchema>>;

export const planActions = ['added', 'removed', 'changed'] as const;
export type PlanAction = (typeof planActions)[number];

/** The parts of a farm file. */
export const planParts = ['farm', 'platform', 'upstream', 'trunk', 'project'] as const;
export type PlanPart = (typeof planParts)[number];

const settingChangeSchema = z.object({
  /** As the file names it: `steps.build.run`, `stable-for`. */
  setting: z.string(),
  /** Null where it is not set; both are null where values are not shown. */
  before: z.string().nullable(),
  after: z.string().nullable(),
});
export type SettingChange = Readonly<z.infer<typeof settingChangeSchema>>;

export const requestFates = ['kept', 'changed', 'cancelled'] as const;
/** What becomes of requests that wait: built as they were to be, or by what has changed, or not at all. */
export type RequestFate = (typeof requestFates)[number];

const partPlanSchema = z.object({
  part: z.enum(planParts),
  name: z.string(),
  action: z.enum(planActions),
  /** What of it changed; empty for what comes or goes as a whole. */
  settings: z.array(settingChangeSchema),
});
export type PartPlan = Readonly<z.infer<typeof partPlanSchema>>;

const builderPlanSchema = z.object({
  name: z.string(),
  action: z.enum(planActions),
  /** What of it changed: `steps`, `env`, `limits`, `labels`, `branch`, `tier`, `max-parallel`. */
  changed: z.array(z.string()),
  /** Its requests that wait, and what becomes of them. */
  waiting: z.number().int(),
  fate: z.enum(requestFates),
  /** Its builds that run: they go on as they were begun. */
  running: z.number().int(),
});
export type BuilderPlan = Readonly<z.infer<typeof builderPlanSchema>>;

/** What another farm file would change. */
export const planSchema = z.object({
  parts: z.array(partPlanSchema),
  builders: z.array(builderPlanSchema),
  /** All requests that wait, by what becomes of them. */
  requests: z.record(z.enum(requestFates), z.number().int()),
  /** All builds that run; they go on as they were begun. */
  running: z.number().int(),
});
export type Plan = Readonly<z.infer<typeof planSchema>>;

/** A plan in numbers. */
export const planSummarySchema = z.object({
  builders: z.record(z.enum(planActions), z.number().int()),
  requests: z.record(z.enum(requestFates), z.number().int()),
  running: z.number().int(),
});
export type PlanSummary = Readonly<z.infer<typeof planSummarySchema>>;

/** Where a version of the farm file came from. */
export const versionSourceSchema = z.discriminatedUnion('kind', [
  /** The master's own `--farm`. */
  z.object({ kind: z.literal('file') }),
  /** Over the API. */
  z.object({ kind: z.literal('sent') }),
  z.object({
    kind: z.literal('repository'),
    url: z.string(),
    branch: z.string(),
    commit: z.string(),
    author: z.string(),
  }),
  z.object({ kind: z.literal('roll-back'), version: id }),
]);
export type VersionSource = Readonly<z.infer<typeof versionSourceSchema>>;

/** A farm file that is or was in force. */
export const farmVersionSchema = z.object({
  id,
  at: time,
  by: z.string(),
  reason: z.string().nullable(),
  source: versionSourceSchema,
  /** As it was named where it came from. */
  path: z.string(),
  isInForce: z.boolean(),
  /** What it changed when it was applied; null where that is not known. */
  summary: planSummarySchema.nullable(),
});
export type ApiFarmVersion = z.infer<typeof farmVersionSchema>;

const includedFileSchema = z.object({
  /** Relative to the farm file's folder. */
  path: z.string().min(1).max(1_000),
  text: z.string(),
});

/** A farm file with the files that it includes. */
export const farmFilesSchema = z.object({
  path: z.string().min(1).max(1_000),
  text: z.string(),
  included: z.array(includedFileSchema).max(10_000).default([]),
});
export type FarmFiles = Readonly<z.infer<typeof farmFilesSchema>>;

/** One version with its text, which visitors are not shown: it holds people's addresses. */
export const farmVersionWithFilesSchema = farmVersionSchema.extend({
  files: farmFilesSchema.nullable(),
});
export type ApiFarmVersionWithFiles = z.infer<typeof farmVersionWithFilesSchema>;

/** What is between two versions. */
export const versionDifferenceSchema = z.object({
  /** 0: nothing, for what the first version brought. */
  from: z.number().int().nonnegative(),
  to: id,
  /** Null where one of them can't be read any more; `because` says why. */
  plan: planSchema.nullable(),
  because: z.string().nullable(),
  /** A unified difference of the texts; empty where they are the same, null where it is too large. */
  text: z.string().nullable(),
});
export type ApiVersionDifference = z.infer<typeof versionDifferenceSchema>;

const reason = z.string().trim().min(1).max(500);
/** The version that it was planned against: another one in force is a conflict. */
const against = id.optional();

export const applyBodySchema = z.object({ file: farmFilesSchema, reason, against });
export const rollBackBodySchema = z.object({ reason, against });
/** One of the two. */
export const planBodySchema = z.object({
  file: farmFilesSchema.optional(),
  version: id.optional(),
});

/** What would happen, and to which version. */
export const planAnswerSchema = z.object({
  /** The version in force. */
  against: id,
  /** The file is that very text. */
  isSame: z.boolean(),
  plan: planSchema,
  text: versionDifferenceSchema.shape.text,
});
export type ApiPlanAnswer = z.infer<typeof planAnswerSchema>;
