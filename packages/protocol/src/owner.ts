import { z } from 'zod';

/** What a worker's owner may have the farm do, proved by the worker's key. */
export const ownerActs = ['link', 'pause', 'resume', 'slots', 'leave'] as const;
export type OwnerAct = (typeof ownerActs)[number];

/** The farm takes a signature for so long, in milliseconds, before and after the time in it. */
export const ownerSkewMs = 5 * 60_000;

/** The body of `POST /api/v1/workers/NAME/owner`. */
export const ownerBodySchema = z.object({
  act: z.enum(ownerActs),
  /** Needed for all but `link`. */
  reason: z.string().trim().max(500).default(''),
  /** Needed for `slots`: builds at once. */
  slots: z.number().int().min(1).max(256).default(1),
  /** Milliseconds UTC, by the farm's clock. */
  at: z.number().int().nonnegative(),
  /** By the worker's key, of `ownerBytes`; base64. */
  signature: z.string().max(200),
});
export type OwnerBody = z.infer<typeof ownerBodySchema>;

export const ownerAnswerSchema = z.object({
  /** Of a page that makes its first visitor the owner of the worker; for the act `link`. */
  path: z.string().nullable(),
});

/** The bytes that the worker's key signs: length-prefixed, so that no field can pass for its neighbour. */
export function ownerBytes(
  farmFingerprint: string,
  worker: string,
  { act, reason, slots, at }: Pick<OwnerBody, 'act' | 'reason' | 'slots' | 'at'>,
): Uint8Array {
  const parts = ['weir.v1', 'owner', farmFingerprint, worker, act, reason, `${slots}`, `${at}`];
  const encoder = new TextEncoder();
  return encoder.encode(parts.map((part) => `${encoder.encode(part).length}:${part}`).join(','));
}
