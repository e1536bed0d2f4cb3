import { z } from 'zod';

/** A worker detects it where it can run services. */
export const containersLabel = 'containers';

/** What one build may have. */
export const maxServices = 8;

/** A service's name stands in variables, in upper case: `db` is `WEIR_DB_HOST` and `WEIR_DB_PORT`. */
export const serviceNameSchema = z.string().regex(/^[a-z][a-z0-9_]{0,29}$/);

/** A program in a container of its own, such as a database, that a project's steps talk to. */
export const serviceSpecSchema = z.object({
  name: serviceNameSchema,
  image: z.string().min(1).max(500),
  /** The TCP port that it listens on. */
  port: z.number().int().min(1).max(65_535),
  /** In place of the image's own arguments; empty: those. */
  command: z.array(z.string().max(1_000)).max(50),
  env: z.record(z.string().max(200), z.string().max(32_768)),
  /** A shell command that succeeds in the container once it is ready; absent: it is when it listens. */
  ready: z.string().max(4_000).optional(),
  memoryBytes: z.number().int().positive(),
  /** From the container's start until it is ready. */
  startWithinMs: z.number().int().positive(),
});
export type ServiceSpec = z.infer<typeof serviceSpecSchema>;

/** The variables by which the steps find a service. */
export function serviceVariables(name: string): { host: string; port: string } {
  const prefix = `WEIR_${name.toUpperCase()}`;
  return { host: `${prefix}_HOST`, port: `${prefix}_PORT` };
}
