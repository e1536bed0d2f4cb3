import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Moves a folder out of the way at once, and removes it in the background: a build may leave a
 * million files behind. What could not be removed is tried again by `emptyTrash`.
 */
export function wipe(path: string, trash: string): void {
  if (!existsSync(path)) return;
  mkdirSync(trash, { recursive: true, mode: 0o700 });
  const doomed = join(trash, randomUUID());
  renameSync(path, doomed);
  removeLater(doomed);
}

/** Removes, in the background, what an earlier process left in the trash. */
export function emptyTrash(trash: string): void {
  for (const name of existsSync(trash) ? readdirSync(trash) : []) removeLater(join(trash, name));
}

function removeLater(path: string): void {
  removeTree(path).catch((error: unknown) => console.error(`removing ${path}:`, error));
}

/** Removes a folder with all that is in it, also what a build has locked up. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** A build may have taken the owner's own rights from its folders. */
function openFolders(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(path, entry.name));
  }
}
