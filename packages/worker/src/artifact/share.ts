import { rmSync } from 'node:fs';
import type { Artifact } from '@weir/protocol';
import { sizeText } from '../runner/size-text.ts';
import type { FarmObjects } from './ask-farm.ts';
import { packFolder, PackError } from './pack.ts';
import { uploadObject } from './upload.ts';

/** What a build made is no runtime that can be shared, however often it is built; says why. */
export class NotPackedError extends Error {
  override readonly name = 'NotPackedError';
}

export interface Made {
  readonly build: number;
  /** Null: it is only packed, to see what it would be brought as. */
  readonly token: string | null;
  readonly dir: string;
  /** Where the runtime lay for the steps. */
  readonly inner: string;
  /** Where it is packed. */
  readonly file: string;
  /** The most that the farm takes, in bytes; undefined where that is not known. */
  readonly maxBytes: number | undefined;
}

/**
 * Packs the runtime that a build made and brings it to the farm.
 *
 * @throws NotPackedError, ObjectRefusedError, or the signal's reason
 */
export async function shareRuntime(place: FarmObjects, made: Made): Promise<Artifact> {
  const { build, token, dir, inner, file, maxBytes } = made;
  try {
    const artifact = await packFolder(dir, file, { inner, signal: place.signal });
    checkSize(artifact, maxBytes);
    if (token !== null) await uploadObject(place, { build, token, file, object: artifact });
    return artifact;
  } catch (error) {
    if (!(error instanceof PackError)) throw error;
    const text = `the runtime could not be packed: ${error.message}`;
    throw new NotPackedError(text, { cause: error });
  } finally {
    rmSync(file, { force: true });
  }
}

function checkSize({ bytes }: Artifact, most: number | undefined): void {
  if (most === undefined || bytes <= most) return;
  const [is, allowed] = [sizeText(bytes), sizeText(most)];
  const size = is === allowed ? `${bytes} bytes` : is;
  throw new NotPackedError(`the runtime is ${size} packed, limits.artifact allows ${allowed}`);
}
