import { rmSync } from 'node:fs';
import type { Artifact, RuntimeKey } from '@weir/protocol';
import type { FileLock } from '../workspace/lock.ts';
import type { Runtimes } from '../workspace/runtimes.ts';
import type { FarmObjects } from './ask-farm.ts';
import { downloadObject } from './download.ts';
import { unpackInto } from './unpack.ts';

/**
 * Has a runtime on this machine that is this very artifact, and keeps it there while the lock is
 * held. It is fetched if need be, and unpacked only when its hash is right.
 *
 * @throws UnfetchedError, UnpackError, or the signal's reason
 */
export async function obtainRuntime(
  runtimes: Runtimes,
  place: FarmObjects,
  { runtime, artifact }: { runtime: RuntimeKey; artifact: Artifact },
): Promise<FileLock> {
  const { signal } = place;
  for (;;) {
    const used = await runtimes.use(runtime, signal);
    if (runtimes.sha256Of(runtime) === artifact.sha256) return used;
    used[Symbol.dispose]();
    using _alone = await runtimes.reserve(runtime, signal);
    // Another slot may have fetched it meanwhile.
    if (runtimes.sha256Of(runtime) === artifact.sha256) continue;
    const file = `${runtimes.path(runtime)}.part`;
    await downloadObject(place, file, artifact);
    runtimes.empty(runtime);
    try {
      const { unpackedBytes: bytes, files } = artifact;
      await unpackInto(file, runtimes.path(runtime), { bytes, files }, signal);
    } catch (error) {
      runtimes.discard(runtime);
      throw error;
    } finally {
      rmSync(file, { force: true });
    }
    runtimes.complete(runtime, { sha256: artifact.sha256, bytes: artifact.unpackedBytes });
  }
}
