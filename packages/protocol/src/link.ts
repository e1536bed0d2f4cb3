import { z } from 'zod';
import { buildSpecSchema, runtimeKeySchema } from './build-spec.ts';
import { journalEntrySchema } from './journal.ts';
import { sandboxKinds } from './words.ts';

const id = z.number().int().positive();
const epoch = z.number().int().positive();
const offset = z.number().int().nonnegative();
const base64 = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9+/=_-]*$/);
const ownerPause = z.string().max(500).nullable();
const versions = z.object({ min: z.number().int(), max: z.number().int() });

/** What a worker may be called: it stands in URLs and file names. */
export const workerNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i);

const sandboxSchema = z.object({
  kind: z.enum(sandboxKinds),
  /** The limits in force on this machine, in words: "memory by cgroup v2", "processes not limited". */
  limits: z.array(z.string().max(200)).max(20),
});
export type SandboxFacts = z.infer<typeof sandboxSchema>;

const logPositionSchema = z.object({ step: z.number().int().nonnegative(), offset });

/** Worker to farm. */
export const workerMessageSchema = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('prove'),
    name: workerNameSchema,
    /** Ed25519 public key, raw 32 bytes. */
    key: base64,
    nonce: base64,
    versions,
    agent: z.string().max(50),
    owner: z.string().max(200),
    /** The code of an invitation: with a good one the worker is accepted at once. */
    invite: z.string().max(100).optional(),
    signature: base64,
  }),
  z.object({
    t: z.literal('hello'),
    boot: z.string().max(64),
    slots: z.number().int().min(1).max(256),
    labels: z.array(z.string().max(100)).max(50),
    sandbox: sandboxSchema,
    facts: z.record(z.string().max(100), z.string().max(500)),
    /** What its clock shows, milliseconds UTC. */
    at: z.number().int().optional(),
    /**
     * The owner's pause, if that was changed on the machine and the farm may not know it: why it
     * takes no builds, or null when it takes them again.
     */
    ownerPause: ownerPause.optional(),
    /** It brings and fetches runtimes as artifacts. */
    artifacts: z.boolean().optional(),
    /** Runtimes kept on this machine. */
    runtimes: z.array(runtimeKeySchema).max(5_000),
    /** Builds that still run here, or whose end the farm has not confirmed. */
    builds: z
      .array(z.object({ build: id, epoch, entries: z.number().int().nonnegative() }))
      .max(256),
  }),
  /** Credit: so many more builds may be offered. Replaces what was said before. */
  z.object({
    t: z.literal('ready'),
    slots: z.number().int().nonnegative().max(256),
    /** Why it takes no builds for now: it is leaving. */
    paused: z.string().max(500).nullable(),
    diskFull: z.boolean(),
  }),
  z.object({ t: z.literal('accept'), build: id, epoch }),
  /** `policy`: not here, ever. `busy`: not now; offer again after the next `ready`. */
  z.object({
    t: z.literal('decline'),
    build: id,
    epoch,
    cause: z.enum(['policy', 'busy']),
    reason: z.string().max(500),
  }),
  z.object({
    t: z.literal('journal'),
    build: id,
    epoch,
    entries: z.array(journalEntrySchema).min(1).max(1_000),
  }),
  /** The machine takes the build away before its end: it may be built elsewhere at once. */
  z.object({
    t: z.literal('lost'),
    build: id,
    epoch,
    reason: z.string().max(500),
    /** `fault`: its machine failed; else somebody meant it so. */
    cause: z.enum(['meant', 'fault']).optional(),
  }),
  z.object({ t: z.literal('beat'), at: z.number().int() }),
  z.object({ t: z.literal('runtime-dropped'), runtime: runtimeKeySchema }),
  /** On the machine, its owner paused it, or let it go on. */
  z.object({ t: z.literal('owner'), pause: ownerPause }),
  /** Its owner took it away: it does not come back by itself. */
  z.object({ t: z.literal('left') }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;

/** Farm to worker. */
export const farmMessageSchema = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('challenge'),
    farm: z.string().max(200),
    key: base64,
    nonce: base64,
    versions,
  }),
  z.object({ t: z.literal('proof'), version: z.number().int(), signature: base64 }),
  z.object({
    t: z.literal('welcome'),
    session: z.string().max(64),
    /** The owner's pause as the farm knows it, from the machine or from a page. */
    ownerPause: ownerPause.optional(),
    builds: z.array(
      z.object({
        build: id,
        action: z.enum(['continue', 'abort', 'upload-only']),
        /** The epoch to name from now on. */
        epoch,
        /** Journal entries up to this number are stored. */
        entries: z.number().int().nonnegative(),
        logs: z.array(logPositionSchema),
      }),
    ),
  }),
  z.object({ t: z.literal('offer'), epoch, spec: buildSpecSchema }),
  z.object({ t: z.literal('start'), build: id, epoch }),
  /** The farm has no use for this build any more: end it and forget it. */
  z.object({ t: z.literal('abort'), build: id, reason: z.string().max(500) }),
  /** A person's will: end it, and report the end as `cancelled`. */
  z.object({ t: z.literal('cancel'), build: id, epoch, reason: z.string().max(500) }),
  /** Stored: journal entries up to `entries`, log bytes up to each offset. */
  z.object({
    t: z.literal('ack'),
    build: id,
    epoch,
    entries: z.number().int().nonnegative().optional(),
    log: logPositionSchema.optional(),
  }),
  /** Send that log again from this offset. */
  z.object({ t: z.literal('rewind'), build: id, epoch, log: logPositionSchema }),
  /** Everything of the build is stored for good: its spool may go. */
  z.object({ t: z.literal('confirmed'), build: id, epoch }),
  /** On a page, the owner paused it, let it go on, or gave it more or fewer slots. */
  z.object({
    t: z.literal('owner'),
    pause: ownerPause.optional(),
    slots: z.number().int().min(1).max(256).optional(),
  }),
  /** On a page, the owner took it away: it finishes what runs, and ends. */
  z.object({ t: z.literal('leave') }),
  z.object({ t: z.literal('drain'), reason: z.string().max(500) }),
  z.object({ t: z.literal('beat'), at: z.number().int() }),
]);
export type FarmMessage = z.infer<typeof farmMessageSchema>;

/**
 * The bytes that both sides sign. Domain-separated and length-prefixed, so that no field can be
 * moved into its neighbour.
 */
export function signedBytes(
  role: 'worker' | 'farm',
  fields: { farm: string; name: string; version: number; farmNonce: string; workerNonce: string },
): Uint8Array {
  const parts = [
    'weir.v1',
    role,
    fields.farm,
    fields.name,
    String(fields.version),
    fields.farmNonce,
    fields.workerNonce,
  ];
  const encoder = new TextEncoder();
  return encoder.encode(parts.map((part) => `${encoder.encode(part).length}:${part}`).join(','));
}
