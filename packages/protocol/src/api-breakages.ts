import { z } from 'zod';
import { id, time } from './api-values.ts';
import { changeSchema } from './api.ts';
import {
  breakageStates,
  channels,
  deliveryStates,
  findings,
  movedSides,
  noticeKinds,
  noticeStates,
} from './words.ts';

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
  /** `UPSTREAM/TRUNK`: the first of `trunks`. */
  trunk: z.string(),
  /** Of the builders that show it; once it is closed, of all that did. */
  trunks: z.array(z.string()),
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
