import { z } from 'zod';
import { id, time } from './api-values.ts';
import { artifactSchema } from './artifact.ts';
import { trustLevels } from './words.ts';

/** An artifact with where it comes from. Its bytes are at `/artifacts/SHA256`. */
export const apiArtifactSchema = artifactSchema.extend({
  id,
  /** The runtime builder that it is of. */
  builder: z.string(),
  commit: z.string(),
  /** Whose steps and environment it was made with. */
  build: id,
  worker: z.string(),
  /** Of the worker, when it made it. */
  trust: z.enum(trustLevels),
  madeAt: time,
  /** Since then its bytes are not kept any more. */
  droppedAt: time.nullable(),
});
export type ApiArtifact = z.infer<typeof apiArtifactSchema>;
