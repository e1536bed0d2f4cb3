import { z } from 'zod';
import { id, time } from './api-values.ts';
import { sha256Schema } from './artifact.ts';

/** What the dependencies of a build came to, as its steps left it. */
export const buildResolvedSchema = z.object({
  /**
   * One hash for all of it, by which builds are compared: of what `sha256sum` prints for the files, in
   * their order. Null where none was recorded.
   */
  sha256: sha256Schema.nullable(),
  files: z.array(
    z.object({
      /** By its index. */
      step: z.number().int().nonnegative(),
      path: z.string(),
      /** Of its bytes, which are `/artifacts/SHA256`; null where it was not recorded. */
      sha256: sha256Schema.nullable(),
      bytes: z.number().int().nonnegative().nullable(),
      /** Why it was not recorded; else blank. */
      text: z.string(),
      /** When the farm let its bytes go. */
      droppedAt: time.nullable(),
    }),
  ),
  /** The last green build of the builder before it that recorded dependencies. */
  base: z.object({ id, number: id, sha256: sha256Schema }).nullable(),
  /** From that one to this, as a unified difference; empty where they are the same, null where it can't be shown. */
  difference: z.string().nullable(),
  /** Why it can't, or that it is cut; else blank. */
  because: z.string(),
});
export type ApiBuildResolved = z.infer<typeof buildResolvedSchema>;
