import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { wipe } from '../workspace/wipe.ts';
import type { SlotPaths } from './paths.ts';

const workFolders = ['src', 'tmp', 'home'] as const;
const ownerOnly = 0o700;

/** Makes a build's empty workspace, or finds one that the build before it left as it was made. */
export function makeWork(work: string): [src: string, tmp: string, home: string] {
  const folder = (name: (typeof workFolders)[number]): string => {
    const path = join(work, name);
    mkdirSync(path, { recursive: true, mode: ownerOnly });
    return path;
  };
  return [folder('src'), folder('tmp'), folder('home')];
}

/**
 * Leaves nothing of a build to the next one in its slot; what takes time goes in the background.
 * Folders that nobody used stay: ext4 finds an inode the slower the more were freed of late.
 */
export function clearSlot({ build, spec, journal, work, trash }: SlotPaths): void {
  // Without it there is no build, wherever this is cut off.
  rmSync(spec, { force: true });
  rmSync(journal, { force: true });
  for (const name of namesIn(build)) wipe(join(build, name), trash);
  if (!isUnused(work)) wipe(work, trash);
}

/** None where there is no folder: somebody may have made room in the wrong place. */
function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function isUnused(work: string): boolean {
  const names = namesIn(work);
  return (
    names.length === workFolders.length &&
    workFolders.every((name) => names.includes(name) && isAsMade(join(work, name)))
  );
}

/** Anything that is done to a folder gives it a new time of change. */
function isAsMade(path: string): boolean {
  const { mode, birthtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
  const isOwnerOnly = (Number(mode) & 0o7777) === ownerOnly;
  return isOwnerOnly && birthtimeNs === ctimeNs && namesIn(path).length === 0;
}
