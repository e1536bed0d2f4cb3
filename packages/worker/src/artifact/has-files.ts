import { opendir } from 'node:fs/promises';

/** Whether there is anything in a folder but folders. */
export async function hasFiles(dir: string): Promise<boolean> {
  for await (const entry of await opendir(dir, { recursive: true })) {
    if (!entry.isDirectory()) return true;
  }
  return false;
}
