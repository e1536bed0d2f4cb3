import { z } from 'zod';
import { workerNameSchema } from './link.ts';
import {
  branchStates,
  breakageStates,
  buildStates,
  channels,
  deliveryStates,
  enrolmentStates,
  findings,
  invitationStates,
  movedSides,
  noticeKinds,
  noticeStates,
  requestReasons,
  requestStates,
  results,
  sandboxKinds,
  treeStatuses,
  trustLevels,
  verdicts,
  waitReasons,
} from './words.ts';

const id = z.number().int().positive();
/** Milliseconds UTC. */
const time = z.number().int().nonnegative();
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

export const requestSchema = z.object({
  id,
  builder: z.string(),
  state: z.enum(requestStates),
  reason: z.enum(requestReasons),
  reasonText: z.string(),
  requestedBy: z.string(),
  revisions: revisionsSchema,
  createdAt: time,
  attempts: z.number().int(),
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
  finishedAt: time.nullable(),
});
export type ApiBuildSummary = z.infer<typeof buildSummarySchema>;

export const buildSchema = buildSummarySchema.extend({
  steps: z.array(stepSchema),
  /** The changes that this build is the first to contain, newest first; at most 100. */
  changes: z.array(changeSchema),
  environment: z.record(z.string(), z.string()),
  cancelRequested: z.string().nullable(),
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
  /** Another machine tried to connect with this worker's key. */
  duplicateAt: time.nullable(),
  /** Why its link was refused last: an agent that is too old. */
  refused: z.object({ at: time, text: z.string() }).nullable(),
});
export type ApiWorker = z.infer<typeof workerSchema>;

const acknowledgementSchema = z.object({
  /** Who is on it. */
  by: z.string(),
  at: time,
  /** It expires: then nobody is on it. */
  until: time,
  reason: z.string(),
});

export const breakageSummarySchema = z.object({
  id,
  state: z.enum(breakageStates),
  /** What broke, in one line: `roman (test), mosaic (install)`. */
  title: z.string(),
  /** `UPSTREAM/TRUNK` */
  trunk: z.string(),
  /** Set when only this project's own changes can be at fault. */
  project: z.string().nullable(),
  moved: z.enum(movedSides),
  openedAt: time,
  closedAt: time.nullable(),
  /** The builders that show it, or did. */
  builders: z.array(z.string()),
  acknowledged: acknowledgementSchema.nullable(),
});
export type ApiBreakageSummary = z.infer<typeof breakageSummarySchema>;

/** The branch and the changes on it that may have broken something. */
const suspectSchema = z.object({
  branch: z.string(),
  /** The commit that was still green, and the first that was red. */
  green: z.string(),
  red: z.string(),
  /** Changes after the one and not after the other. */
  count: z.number().int().nonnegative(),
  /** The newest of them, newest first; at most 50. */
  changes: z.array(changeSchema),
});
export type ApiSuspect = z.infer<typeof suspectSchema>;

export const breakageSchema = breakageSummarySchema.extend({
  shows: z.array(
    z.object({
      builder: z.string(),
      platform: z.string(),
      project: z.string().nullable(),
      /** The step that failed. */
      step: z.string().nullable(),
      finding: z.enum(findings).nullable(),
      /** Build ids: the last green, the first red, the second run that agreed, the green that ended it. */
      greenBuild: id,
      redBuild: id,
      confirmBuild: id,
      fixedBuild: id.nullable(),
      openedAt: time,
      closedAt: time.nullable(),
    }),
  ),
  /** Where the change may be that broke it; the trunk first. Empty: nothing moved, look at the machines. */
  suspects: z.array(suspectSchema),
});
export type ApiBreakage = z.infer<typeof breakageSchema>;

/** One thing that people are told. */
export const noticeSchema = z.object({
  id,
  kind: z.enum(noticeKinds),
  /** `breakage/7`, `worker/w1`, `subscription/3` */
  about: z.string(),
  state: z.enum(noticeStates),
  /** What it says in one line; null until it is told. */
  headline: z.string().nullable(),
  createdAt: time,
  toldAt: time.nullable(),
  /** How many deliveries there are of it. */
  deliveries: z.number().int().nonnegative(),
});
export type ApiNotice = z.infer<typeof noticeSchema>;

/** The way of one notice to one recipient. */
export const deliverySchema = z.object({
  id,
  notice: id,
  kind: z.enum(noticeKinds),
  about: z.string(),
  headline: z.string(),
  channel: z.enum(channels),
  /** A mail address (masked unless one is signed in) or the name of a webhook. */
  address: z.string(),
  state: z.enum(deliveryStates),
  tries: z.number().int().nonnegative(),
  /** Of one that waits: when it is tried again. */
  notBefore: time.nullable(),
  /** What went wrong at the last try; null unless one is signed in. */
  error: z.string().nullable(),
  createdAt: time,
  /** When it was sent, or given up. */
  endedAt: time.nullable(),
});
export type ApiDelivery = z.infer<typeof deliverySchema>;

export const farmSchema = z.object({
  name: z.string(),
  /** What the farm file says to who comes for the first time; a blank line parts paragraphs. */
  introduction: z.string().nullable(),
  version: z.string(),
  /** Shown on every page: sandbox off, farm file broken, and the like. */
  warnings: z.array(z.string()),
  workersOnline: z.number().int(),
  workers: z.number().int(),
  slots: z.number().int(),
  slotsBusy: z.number().int(),
  waiting: z.number().int(),
  oldestWaitSince: time.nullable(),
  /** Open ones. */
  breakages: z.number().int().nonnegative(),
  /** The newest event's number: start `/api/v1/events` there. */
  event: z.number().int().nonnegative(),
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
});
export type Problem = z.infer<typeof problemSchema>;

const reason = z.string().trim().min(1).max(500);
export const reasonBodySchema = z.object({ reason });
export const forceBodySchema = z.object({
  builder: z.string().max(400),
  reason,
  /** A commit on the trunk; the newest known change when absent. */
  upstream: z.string().max(64).optional(),
  project: z.string().max(64).optional(),
});
export const acknowledgeBodySchema = z.object({
  reason,
  /** Who is on it. */
  by: z.string().trim().min(1).max(100),
  /** Until when nobody else need be asked. */
  hours: z.number().int().min(1).max(720).default(24),
});
const labelsSchema = z
  .array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/))
  .max(50)
  .default([]);
export const trustSchema = z.enum(trustLevels).default('probation');
export const trustBodySchema = z.object({ reason, trust: z.enum(trustLevels) });
export const acceptBodySchema = z.object({
  reason,
  /** Must be the pending key's fingerprint, so that nobody accepts another key than the one compared. */
  fingerprint: z.string().max(100),
  labels: labelsSchema,
  /** `probation`: its reds count once it has found what other workers found. */
  trust: trustSchema,
});

/** An invitation, as admins see it. */
export const invitationSchema = z.object({
  id,
  /** The name and the owner's address that it is for; null: any. */
  worker: z.string().nullable(),
  owner: z.string().nullable(),
  labels: z.array(z.string()),
  trust: z.enum(trustLevels),
  reason: z.string(),
  by: z.string(),
  at: time,
  expiresAt: time,
  state: z.enum(invitationStates),
  /** The worker that used it. */
  usedBy: z.string().nullable(),
});
export type ApiInvitation = z.infer<typeof invitationSchema>;

/** The answer to a new invitation alone: its code is stored nowhere. */
export const newInvitationSchema = invitationSchema.extend({ code: z.string() });
export type ApiNewInvitation = z.infer<typeof newInvitationSchema>;

export const inviteBodySchema = z.object({
  reason,
  worker: workerNameSchema.nullable().default(null),
  owner: z.string().trim().min(3).max(200).nullable().default(null),
  labels: labelsSchema,
  trust: trustSchema,
  hours: z.number().int().min(1).max(720).default(72),
});
