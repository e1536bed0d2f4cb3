import { z } from 'zod';
import { objectSchema } from './artifact.ts';

/** Of one step. */
export const maxResolvedFiles = 20;
/** Of one file: large lock files have some 3 MB. */
export const maxResolvedBytes = 4 * 1024 * 1024;

/** Whether a text is the path of a file below the workspace, as it is. */
export function isWorkspacePath(text: string): boolean {
  const parts = text.split('/');
  const isWithin = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  // oxlint-disable-next-line no-control-regex
  return isWithin && text.length <= 500 && !/[\0-\x1F\\]/.test(text);
}

export const workspacePathSchema = z.string().refine(isWorkspacePath, 'no path of a workspace');

/** A file in which a step left what its dependencies came to: a lock file, or a list. */
export const resolvedFileSchema = z.object({
  path: workspacePathSchema,
  /** Its bytes, as they are; null where they were not recorded. */
  object: objectSchema
    .extend({ bytes: z.number().int().nonnegative().max(maxResolvedBytes) })
    .nullable(),
  /** Why they were not; else blank. */
  text: z.string().max(300),
});
export type ResolvedFile = z.infer<typeof resolvedFileSchema>;

export const resolvedFilesSchema = z.array(resolvedFileSchema).max(maxResolvedFiles);
