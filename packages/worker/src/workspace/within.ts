import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/**
 * The folder of a path below a workspace, by its real path; null where a link leads elsewhere, or
 * there is none. What a step left there may point anywhere.
 */
export function folderWithin(workspace: string, path: string): string | null {
  const root = realpathSync(workspace);
  const expected = dirname(join(root, path));
  try {
    if (realpathSync(expected) !== expected || !lstatSync(expected).isDirectory()) return null;
  } catch {
    return null;
  }
  return expected === root || expected.startsWith(root + sep) ? expected : null;
}
