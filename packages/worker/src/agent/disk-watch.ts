import { statfs } from 'node:fs/promises';

const everyMs = 5_000;

/**
 * Tells whether there is too little room under a folder: at once if so, then whenever that changes.
 * Ends when it is disposed of.
 */
export async function watchDisk(
  dir: string,
  minFreeBytes: number,
  changed: (isFull: boolean) => void,
): Promise<Disposable> {
  let wasFull = false;

  async function look(): Promise<void> {
    const { bavail, bsize } = await statfs(dir);
    const isFull = bavail * bsize < minFreeBytes;
    if (isFull === wasFull) return;
    wasFull = isFull;
    changed(isFull);
  }

  await look();
  const timer = setInterval(() => void look().catch(() => {}), everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
