import { z } from 'zod';
import { artifactSchema } from './artifact.ts';
import { reportSpecSchema } from './report.ts';
import { maxResolvedFiles, workspacePathSchema } from './resolved.ts';
import { maxServices, serviceSpecSchema } from './services.ts';

/** A full commit hash: SHA-1 or SHA-256. */
export const commitSchema = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);

export const stepSpecSchema = z.object({
  name: z.string().min(1).max(100),
  /** A script for `sh -e`. */
  run: z.string().min(1).max(65_536),
  network: z.boolean(),
  timeoutMs: z.number().int().positive(),
  /** A step that prints nothing for so long is ended. */
  silenceMs: z.number().int().positive(),
  /** A step marked so gets the finding `install-failed` when it fails. */
  install: z.boolean(),
  /** The steps after it run although it failed; the build fails all the same. */
  continueOnFailure: z.boolean().optional(),
  /** It runs whatever became of those before it, unless the build is cancelled. */
  always: z.boolean().optional(),
  /** Where its test report is, if it writes one. */
  report: reportSpecSchema.optional(),
  /** Its script is not run: the worker starts the build's services by itself, or stops them. */
  services: z.enum(['start', 'stop']).optional(),
  /** The files in which it leaves what its dependencies came to. */
  resolved: z.array(workspacePathSchema).max(maxResolvedFiles).optional(),
});
export type StepSpec = z.infer<typeof stepSpecSchema>;

export const buildLimitsSchema = z.object({
  logBytes: z.number().int().positive(),
  diskBytes: z.number().int().positive(),
  memoryBytes: z.number().int().positive(),
  processes: z.number().int().positive(),
  /** Largest single file that a step may write. */
  fileBytes: z.number().int().positive(),
  /** Largest runtime that the farm takes, packed. */
  artifactBytes: z.number().int().positive().optional(),
});
export type BuildLimits = z.infer<typeof buildLimitsSchema>;

/** What of a repository is checked out beside the files of its commit. */
export const checkoutSpecSchema = z.object({
  /** `top`: its own; `recursive`: theirs as well. */
  submodules: z.enum(['top', 'recursive']).optional(),
  /** So many commits of history; absent: all of it. */
  depth: z.number().int().positive().max(1_000_000).optional(),
  /** The files that git LFS keeps elsewhere; else there are pointers to them. */
  lfs: z.boolean().optional(),
});
export type CheckoutSpec = z.infer<typeof checkoutSpecSchema>;

/** A machine that finds git LFS on itself has this label. */
export const lfsLabel = 'git-lfs';

export const sourceSpecSchema = z.object({
  repository: z.string().max(2_000),
  ref: z.string().max(500),
  commit: commitSchema,
  checkout: checkoutSpecSchema.optional(),
});
export type SourceSpec = z.infer<typeof sourceSpecSchema>;

/** Which runtime a build makes or needs. The worker keeps runtimes by this key. */
export const runtimeKeySchema = z.object({
  upstream: z.string().max(200),
  trunk: z.string().max(200),
  platform: z.string().max(200),
  commit: commitSchema,
});
export type RuntimeKey = z.infer<typeof runtimeKeySchema>;

/** All that a worker needs to know to run one build. */
export const buildSpecSchema = z.object({
  build: z.number().int().positive(),
  builder: z.string().max(400),
  number: z.number().int().positive(),
  kind: z.enum(['runtime', 'project']),
  /** What is checked out into the workspace; absent for a project without a repository. */
  source: sourceSpecSchema.optional(),
  /** For a runtime builder: what this build makes. For a project builder: what it runs with. */
  runtime: runtimeKeySchema,
  /** For a project: what the runtime is fetched as. Absent where the worker keeps one that it made. */
  artifact: artifactSchema.optional(),
  /** Lets the build bring objects to the farm. */
  uploadToken: z.string().max(100).optional(),
  /** The runtime that it makes is packed and brought to the farm, for others to run projects with. */
  share: z.boolean().optional(),
  /** Projects run with the runtime that it makes: one without any file is a failure. */
  isNeeded: z.boolean().optional(),
  env: z.record(z.string().max(200), z.string().max(32_768)),
  /** The farm file's steps, and two more where there are services. */
  steps: z.array(stepSpecSchema).min(1).max(102),
  /** Run beside the steps, from the one that starts them on. */
  services: z.array(serviceSpecSchema).max(maxServices).optional(),
  limits: buildLimitsSchema,
});
export type BuildSpec = z.infer<typeof buildSpecSchema>;
