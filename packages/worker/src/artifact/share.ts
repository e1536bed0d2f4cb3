import { rmSync } from 'node:fs';
import type { Artifact } from '@weir/protocol';
import type { FarmObjects } from './ask-farm.ts';
import { packFolder } from './pack.ts';
import { uploadObject } from './upload.ts';

/**
 * Packs the runtime that a build made and brings it to the farm.
 *
 * @param token null: it is only packed, to see what it would be brought as
 * @param inner where the runtime lay for the steps
 * @throws PackError, ObjectRefusedError, or the signal's reason
 */
export async function shareRuntime(
  place: FarmObjects,
  from: { build: number; token: string | null; dir: string; inner: string; file: string },
): Promise<Artifact> {
  const { build, token, dir, inner, file } = from;
  try {
    const artifact = await packFolder(dir, file, { inner, signal: place.signal });
    if (token !== null) await uploadObject(place, { build, token, file, object: artifact });
    return artifact;
  } finally {
    rmSync(file, { force: true });
  }
}
