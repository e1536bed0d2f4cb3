import { sandboxKinds } from '@weir/protocol';
import type { BuildSpec } from '@weir/protocol';
import { z } from 'zod';

/** Agent to runner, one JSON object a line. */
export const runnerCommandSchema = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('run'),
    /** The agent took it from the farm by its schema, and is of the runner's own version. */
    spec: z.custom<BuildSpec>(),
    epoch: z.number().int().positive(),
    /** Repository URL to the local path that serves in its place. */
    remotes: z.record(z.string(), z.string()),
    sandbox: z.enum(sandboxKinds),
    /** The farm's web address, where artifacts are. */
    farm: z.string(),
  }),
  /** End the build and report the end as `cancelled`. */
  z.object({ t: z.literal('cancel'), reason: z.string() }),
  /** End the build and forget it: nobody waits for its end. */
  z.object({ t: z.literal('abort') }),
  /** The farm has everything of the finished build. */
  z.object({ t: z.literal('forget') }),
  z.object({ t: z.literal('exit') }),
]);
export type RunnerCommand = z.infer<typeof runnerCommandSchema>;

/** Runner to agent, one JSON object a line. */
export const runnerEventSchema = z.discriminatedUnion('t', [
  /** Said on connecting and whenever it changes. */
  z.object({
    t: z.literal('state'),
    /** The build that runs or waits to be forgotten. */
    build: z.number().int().nullable(),
    epoch: z.number().int().nullable(),
    /** Lines in its journal. */
    entries: z.number().int().nonnegative(),
    finished: z.boolean(),
    /** Why the finished build came to no result, by no fault of the code. */
    exception: z.string().optional(),
    /** Of the agent that this runner is part of. */
    version: z.string().max(50).optional(),
  }),
  /** A hint that a log has more bytes than before. */
  z.object({ t: z.literal('grew') }),
]);
export type RunnerEvent = z.infer<typeof runnerEventSchema>;
export type RunnerState = Extract<RunnerEvent, { t: 'state' }>;
