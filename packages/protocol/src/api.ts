import { z } from 'zod';
import { apiArtifactSchema } from './api-artifact.ts';
import { farmFileErrorSchema } from './api-farm.ts';
import { buildResolvedSchema } from './api-resolved.ts';
import { id, time } from './api-values.ts';
import { stepReportSchema } from './report.ts';
import {
  branchStates,
  buildStates,
  enrolmentStates,
  findings,
  requestReasons,
  requestStates,
  results,
  sandboxKinds,
  treeStatuses,
  trustLevels,
  verdicts,
  waitReasons,
} from './words.ts';

const commit = z.string();

export const personSchema = z.object({ name: z.string(), email: z.string() });

export const changeSchema = z.object({
  id,
  branch: z.string(),
  /** Place on the first-parent line as this farm saw it; grows by one with each change. */
  position: z.number().int(),
  commit,
  parent: commit.nullable(),
  author: personSchema,
  authoredAt: time,
  committer: personSchema,
  committedAt: time,
  seenAt: time,
  subject: z.string(),
  message: z.string(),
  files: z.array(z.string()),
});
export type ApiChange = z.infer<typeof changeSchema>;

export const waitSchema = z.object({ reason: z.enum(waitReasons), detail: z.string() });
export type Wait = z.infer<typeof waitSchema>;

export const branchSchema = z.object({
  name: z.string(),
  kind: z.enum(['trunk', 'project']),
  repository: z.string(),
  ref: z.string(),
  state: z.enum(branchStates),
  head: commit.nullable(),
  /** The last time that history was rewritten under the farm. */
  rewrittenAt: time.nullable(),
  error: z.string().nullable(),
  polledAt: time.nullable(),
  /** Why its newest changes are no requests yet. */
  pending: waitSchema.nullable(),
});
export type ApiBranch = z.infer<typeof branchSchema>;

export const upstreamSchema = z.object({
  name: z.string(),
  repository: z.string(),
  trunks: z.array(
    z.object({
      name: z.string(),
      branch: branchSchema,
      status: z.enum(treeStatuses),
      /** Why the status is what it is, in one line. */
      because: z.string(),
    }),
  ),
});
export type ApiUpstream = z.infer<typeof upstreamSchema>;

export const revisionsSchema = z.object({
  upstream: commit,
  /** Absent for a runtime builder and for a project without a repository. */
  project: commit.nullable(),
});

/** A try at a request that infrastructure took: it says nothing about the code. */
export const takenSchema = z.object({
  build: id,
  number: id,
  worker: z.string(),
  /** `lost` or `exception`. */
  result: z.enum(results),
  text: z.string(),
});
export type ApiTaken = z.infer<typeof takenSchema>;

export const requestSchema = z.object({
  id,
  builder: z.string(),
  state: z.enum(requestStates),
  reason: z.enum(requestReasons),
  reasonText: z.string(),
  requestedBy: z.string(),
  revisions: revisionsSchema,
  createdAt: time,
  /** How many of its tries infrastructure took. */
  attempts: z.number().int(),
  /** Those tries, oldest first. */
  taken: z.array(takenSchema),
  supersededBy: id.nullable(),
  result: z.enum(results).nullable(),
  finding: z.enum(findings).nullable(),
  /** Set while the request waits. */
  waits: waitSchema.nullable(),
});
export type ApiRequest = z.infer<typeof requestSchema>;

export const stepSchema = z.object({
  index: z.number().int().nonnegative(),
  name: z.string(),
  run: z.string(),
  state: z.enum(['waiting', 'running', 'finished']),
  result: z.enum(results).nullable(),
  findings: z.array(z.enum(findings)),
  exitCode: z.number().int().nullable(),
  signal: z.string().nullable(),
  text: z.string(),
  /** What its test suite said; null where it has no report. */
  report: stepReportSchema.nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  log: z
    .object({
      id,
      bytes: z.number().int().nonnegative(),
      lines: z.number().int().nonnegative(),
      finished: z.boolean(),
      /** Byte ranges kept of what the step printed; one that starts at 0 when nothing was cut. */
      ranges: z.array(z.tuple([z.number().int(), z.number().int()])),
      /** When its bytes were dropped, as they were older than the farm keeps logs. */
      droppedAt: time.nullable(),
    })
    .nullable(),
});
export type ApiStep = z.infer<typeof stepSchema>;

export const buildSummarySchema = z.object({
  id,
  builder: z.string(),
  number: id,
  request: id,
  worker: z.string(),
  state: z.enum(buildStates),
  result: z.enum(results).nullable(),
  findings: z.array(z.enum(findings)),
  text: z.string(),
  attempt: z.number().int().positive(),
  reason: z.enum(requestReasons),
  reasonText: z.string(),
  revisions: revisionsSchema,
  /** It is a failure, and so was the conclusive build of its builder before it, which it didn't just confirm. */
  failedAgain: z.boolean(),
  startedAt: time,
  /** Since when it runs where nobody hears of it. */
  detachedAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type ApiBuildSummary = z.infer<typeof buildSummarySchema>;

export const buildSchema = buildSummarySchema.extend({
  steps: z.array(stepSchema),
  /** What a runtime builder's build made, or a project's was run with, where runtimes are shared. */
  artifact: apiArtifactSchema.nullable(),
  /** The changes that this build is the first to contain, newest first; at most 100. */
  changes: z.array(changeSchema),
  environment: z.record(z.string(), z.string()),
  /** What its dependencies came to; null where no step of it says so. */
  resolved: buildResolvedSchema.nullable(),
  cancelRequested: z.string().nullable(),
  /** The other tries at its request that infrastructure took, oldest first. */
  taken: z.array(takenSchema),
  /** What its worker said of its end after it was lost: evidence, which changes nothing. */
  late: z
    .object({
      result: z.enum(results),
      findings: z.array(z.enum(findings)),
      text: z.string(),
      at: time,
    })
    .nullable(),
});
export type ApiBuild = z.infer<typeof buildSchema>;

export const logLinesSchema = z.object({
  log: id,
  build: id,
  step: z.number().int().nonnegative(),
  /** Nothing will be added to it any more. */
  closed: z.boolean(),
  /** Kept, and so what `/api/v1/logs/ID` gives. */
  bytes: z.number().int().nonnegative(),
  printed: z.number().int().nonnegative(),
  lines: z.number().int().nonnegative(),
  /** Parts kept of what was printed. */
  ranges: z.array(z.tuple([z.number().int(), z.number().int()])),
  items: z.array(
    z.object({
      /** The first line of a log is 0. */
      number: z.number().int().nonnegative(),
      /** Where it begins in the kept bytes. */
      fromByte: z.number().int().nonnegative(),
      text: z.string(),
      /** There is more of this line than is shown. */
      cut: z.boolean(),
    }),
  ),
});
export type ApiLogLines = z.infer<typeof logLinesSchema>;

export const pauseSchema = z.object({ by: z.string(), at: time, reason: z.string() });

export const builderSchema = z.object({
  name: z.string(),
  kind: z.enum(['runtime', 'project']),
  upstream: z.string(),
  trunk: z.string(),
  project: z.string().nullable(),
  platform: z.string(),
  tier: z.number().int(),
  paused: pauseSchema.nullable(),
  verdict: z.enum(verdicts),
  /** When the build behind the verdict finished. */
  verdictAt: time.nullable(),
  /** The open breakage that it shows. */
  breakage: id.nullable(),
  /** How long a green build usually takes, in milliseconds. */
  usualMs: z.number().int().nonnegative().nullable(),
  /** Workers that could build it and are there. */
  workersOnline: z.number().int().nonnegative(),
  /** Something waits for it for so long that the verdict is old news. */
  stale: z.boolean(),
  /** No result for twice as long as there usually is between two. */
  quiet: z.boolean(),
  lastBuild: buildSummarySchema.nullable(),
  running: z.array(buildSummarySchema),
  waiting: z.number().int().nonnegative(),
  oldestWait: waitSchema.extend({ since: time }).nullable(),
  /** When it builds next by the clock; null where the farm file schedules nothing. */
  nextScheduled: time.nullable(),
});
export type ApiBuilder = z.infer<typeof builderSchema>;

export const workerSchema = z.object({
  name: z.string(),
  state: z.enum(enrolmentStates),
  /** `SHA256:` and the unpadded base64 of the hash of the raw public key, as ssh prints them. */
  fingerprint: z.string(),
  owner: z.string(),
  trust: z.enum(trustLevels),
  /** Set while it is on probation. */
  probation: z
    .object({
      /** Builds in a row in which it found what was known, and how many it takes. */
      agreed: z.number().int().nonnegative(),
      needed: z.number().int().positive(),
      disagreed: z.number().int().nonnegative(),
      /** After a disagreement: not tried again before then. */
      notBefore: time.nullable(),
      /** False: no answer is known that it could find, so that it takes any build. */
      isProbeable: z.boolean(),
    })
    .nullable(),
  labels: z.array(z.string()),
  grantedLabels: z.array(z.string()),
  slots: z.number().int().nonnegative(),
  running: z.array(buildSummarySchema),
  online: z.boolean(),
  heardAt: time.nullable(),
  askedAt: time,
  agent: z.string(),
  sandbox: z.object({ kind: z.enum(sandboxKinds), limits: z.array(z.string()) }).nullable(),
  facts: z.record(z.string(), z.string()),
  /** By an admin of the farm. */
  paused: pauseSchema.nullable(),
  /** By its owner. */
  ownerPaused: z.object({ at: time, reason: z.string() }).nullable(),
  /** Its owner took it away. */
  leftAt: time.nullable(),
  missingSince: time.nullable(),
  /** Why it takes no builds for a while, in its own words: quiet hours, or that it is leaving. */
  resting: z.string().nullable(),
  diskFull: z.boolean(),
  /** Infrastructure took what it built again and again. */
  quarantine: z
    .object({
      since: time,
      /** It takes no builds until then; null while it takes them, to show that it can. */
      until: time.nullable(),
      /** Times in a row. */
      strikes: z.number().int().positive(),
      reason: z.string(),
    })
    .nullable(),
  /** How far its clock is ahead of the farm's, milliseconds; some seconds may be the line's. */
  clockSkewMs: z.number().int(),
  /** Another machine tried to connect with this worker's key. */
  duplicateAt: time.nullable(),
  /** Why its link was refused last: an agent that is too old, or frames that no agent sends. */
  refused: z.object({ at: time, text: z.string() }).nullable(),
});
export type ApiWorker = z.infer<typeof workerSchema>;

/** One process of a farm that has several. */
const memberSchema = z.object({
  role: z.enum(['engine', 'web']),
  name: z.string(),
  version: z.string(),
  since: time,
  /** It says every few seconds that it is there; one that was silent for long is dropped. */
  heardAt: time,
  /** It has not said so for so long that it counts as dead. */
  silent: z.boolean(),
  /** The one engine that does what happens once per farm. */
  leads: z.boolean(),
});

export const farmSchema = z.object({
  name: z.string(),
  /** What the farm file says to who comes for the first time; a blank line parts paragraphs. */
  introduction: z.string().nullable(),
  version: z.string(),
  /** Shown on every page: sandbox off, farm file broken, and the like. */
  warnings: z.array(z.string()),
  workersOnline: z.number().int(),
  workers: z.number().int(),
  /** Of the workers that are online. */
  slots: z.number().int(),
  slotsBusy: z.number().int(),
  /** Wherever: also on workers that are out of reach. */
  buildsRunning: z.number().int(),
  waiting: z.number().int(),
  oldestWaitSince: time.nullable(),
  /** Open ones. */
  breakages: z.number().int().nonnegative(),
  /** The newest event's number: start `/api/v1/events` there. */
  event: z.number().int().nonnegative(),
  /** Of a farm on several machines, in the order in which they began; else none. */
  members: z.array(memberSchema),
});
export type ApiFarm = z.infer<typeof farmSchema>;

export const eventSchema = z.object({
  number: id,
  at: time,
  /** NOUN.VERB: `build.finished`. */
  kind: z.string(),
  actor: z.string(),
  subject: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type ApiEvent = z.infer<typeof eventSchema>;

/** `/.well-known/weir`: what a worker must know to join. */
export const wellKnownSchema = z.object({
  farm: z.string(),
  /** Where workers connect: `wss://farm.example/worker`. */
  workerUrl: z.string(),
  /** Of the farm's key, to be compared with the one that the volunteer was given. */
  fingerprint: z.string(),
  /** Of the worker protocol. */
  versions: z.object({ min: z.number().int(), max: z.number().int() }),
  /** Version of the agent at `/weir-worker.mjs`. */
  agent: z.string(),
});
export type WellKnown = z.infer<typeof wellKnownSchema>;

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** Stable: scripts may rely on it. The list is in docs/errors.md. */
  code: z.string(),
  detail: z.string(),
  /** All that is wrong with a farm file, where that is the reason. */
  errors: z.array(farmFileErrorSchema).optional(),
});
export type Problem = z.infer<typeof problemSchema>;
