import { z } from 'zod';
import { buildSpecSchema } from './build-spec.ts';

/**
 * What a worker was told to do in a build, but for the token that lets it bring objects: that alone is
 * for nobody else.
 */
export const toldSpecSchema = buildSpecSchema.omit({ uploadToken: true });
export type ToldSpec = z.infer<typeof toldSpecSchema>;

/** `/api/v1/builds/ID/spec`: all that it takes to run a build again somewhere else. */
export const apiSpecSchema = z.object({
  spec: toldSpecSchema,
  /** What the farm file asked of the build's machine then. */
  labels: z.array(z.string()),
  /** The runtime that it makes is packed, for others to run. */
  shares: z.boolean(),
  /** The build that made the runtime that a project was run with; null where it is not known any more. */
  runtime: toldSpecSchema.nullable(),
});
export type ApiSpec = z.infer<typeof apiSpecSchema>;
