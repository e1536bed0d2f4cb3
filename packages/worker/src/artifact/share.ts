import { rmSync } from 'node:fs';
import type { Artifact } from '@weir/protocol';
import type { FarmObjects } from './ask-farm.ts';
import { packFolder } from './pack.ts';
import { uploadObject } from './upload.ts';

/**
 * Packs the runtime that a build made and brings it to the farm.
 *
 * @param inner where the runtime lay for the steps
 * @throws PackError, ObjectRefusedError, or the signal's reason
 */
export async function shareRuntime(
  place: FarmObjects,
  from: { build: number; token: string; dir: string; inner: string; file: string },
): Promise<Artifact> {
  const { build, token, dir, inner, file } = from;
  try {
    const artifact = await packFolder(dir, file, { inner, signal: place.signal });
    await uploadObject(place, { build, token, file, object: artifact });
    return artifact;
  } finally {
    rmSync(file, { force: true });
  }
}
