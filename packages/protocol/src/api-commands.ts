import { z } from 'zod';
import { id, time } from './api-values.ts';
import { workerNameSchema } from './link.ts';
import { invitationStates, trustLevels } from './words.ts';

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
