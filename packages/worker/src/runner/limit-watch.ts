import { readdir, lstat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isFull } from './disk-full.ts';

/** Space taken by the folders in bytes; files with several names count once. */
export async function measureFolders(
  dirs: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const linked = new Set<number>();
  let bytes = 0;
  for (const pending = [...dirs]; pending.length > 0 && !signal.aborted;) {
    const dir = pending.pop() ?? '';
    // The build goes on meanwhile: what was listed may be gone.
    const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) pending.push(path);
      const stat = await lstat(path).catch(() => null);
      if (stat === null || linked.has(stat.ino)) continue;
      if (stat.nlink > 1 && !entry.isDirectory()) linked.add(stat.ino);
      bytes += stat.blocks * 512;
    }
  }
  return bytes;
}

const tickMs = 250;
/** Measuring takes at most this share of the time, unless the disk fills quickly. */
const measureShare = 0.05;

export interface WatchOptions {
  readonly dirs: readonly string[];
  readonly diskBytes: number;
  readonly hasProcessCapHit: () => boolean;
  readonly onHit: (what: 'disk-cap' | 'process-cap') => void;
  /** The whole disk is full, by whomever. */
  readonly onDiskFull: () => void;
  readonly signal: AbortSignal;
}

/**
 * Watches a step for the limits that the kernel does not end it for. Walking through a large
 * workspace is slow, so it is measured again only after a while, or at once when so much of the
 * whole disk was taken meanwhile that the cap may be reached.
 */
export async function watchLimits(options: WatchOptions): Promise<void> {
  const { dirs, diskBytes, hasProcessCapHit, onHit, onDiskFull, signal } = options;
  const [anyDir = '/'] = dirs;
  let measured = 0;
  let takenThen = 0;
  let restUntil = 0;
  while (await tick(signal)) {
    if (hasProcessCapHit()) return onHit('process-cap');
    const disk = await statfs(anyDir);
    if (isFull(disk)) onDiskFull();
    const taken = (disk.blocks - disk.bfree) * disk.bsize;
    const mayBeFull = measured + taken - takenThen > diskBytes;
    const startedAt = performance.now();
    if (startedAt < restUntil && !mayBeFull) continue;
    measured = await measureFolders(dirs, signal);
    takenThen = taken;
    restUntil = performance.now() + (performance.now() - startedAt) / measureShare;
    if (measured > diskBytes && !signal.aborted) return onHit('disk-cap');
  }
}

/** False once the step has ended. */
function tick(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(true);
    }, tickMs);
    const stop = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
