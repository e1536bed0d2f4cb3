import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A spool is a folder of segments: files named by the offset of their first byte in what the step
 * printed. The segment that starts at 0 is the head and is never dropped.
 */
export function segmentPath(dir: string, start: number): string {
  return join(dir, String(start));
}

/** Starts of the segments in the folder, ascending; empty when there is no folder. */
export function listSegments(dir: string): number[] {
  const isThere = statSync(dir, { throwIfNoEntry: false }) !== undefined;
  const names = (isThere ? readdirSync(dir) : []).filter((name) => /^\d+$/.test(name));
  return names.map(Number).sort((a, b) => a - b);
}
