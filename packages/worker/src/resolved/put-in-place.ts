import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folderWithin } from './within.ts';

/** What a file was recorded as. */
export interface RecordedFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * Puts recorded files where they were, in a workspace that earlier steps may have filled with links.
 * The paths of those that can't be put there.
 */
export function putInPlace(workspace: string, files: readonly RecordedFile[]): string[] {
  return files.flatMap(({ path, content }) => {
    const folder = folderWithin(workspace, path);
    if (folder === null) return [path];
    const target = join(folder, basename(path));
    // A link is replaced, never written through.
    rmSync(target, { recursive: true, force: true });
    writeFileSync(target, content, { flag: 'wx' });
    return [];
  });
}
