import { constants, copyFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folderWithin } from '../workspace/within.ts';

/** A file as it was recorded. */
export interface RecordedFile {
  /** Below the workspace. */
  readonly path: string;
  /** Its bytes are in this one. */
  readonly file: string;
}

/**
 * Puts recorded files where they were, in a workspace that earlier steps may have filled with links.
 * One whose folder is not there is left to the step that makes it.
 */
export function putInPlace(workspace: string, files: readonly RecordedFile[]): void {
  for (const { path, file } of files) {
    const folder = folderWithin(workspace, path);
    if (folder === null) continue;
    const target = join(folder, basename(path));
    // A link is replaced, never written through.
    rmSync(target, { recursive: true, force: true });
    copyFileSync(file, target, constants.COPYFILE_EXCL);
  }
}
