import { z } from 'zod';

/** SHA-256, in hexadecimal. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** A file that the farm stores by the hash of its bytes. */
export const objectSchema = z.object({
  sha256: sha256Schema,
  bytes: z.number().int().nonnegative(),
});
export type StoredObject = z.infer<typeof objectSchema>;

/** A packed runtime: `tar`, then zstd, of its folder. */
export const artifactSchema = objectSchema.extend({
  /** Of all files together, before packing. */
  unpackedBytes: z.number().int().nonnegative(),
  files: z.number().int().nonnegative(),
});
export type Artifact = z.infer<typeof artifactSchema>;

/**
 * Objects go up and down in pieces of this size, so that a cut costs little and no proxy has to take
 * more at once.
 */
export const pieceBytes = 8 * 1024 * 1024;

/**
 * An upload, in the manner of tus 1.0 (tus.io): `HEAD` answers with `upload-offset`, where the farm
 * goes on; `PATCH` brings a piece from there, with the length of the whole in `upload-length`. The
 * path names build and hash; once the length is there the farm checks the hash, and answers 201. An
 * object that the farm has already has all of its bytes: nothing needs to be sent.
 */
export const uploadHeaders = { offset: 'upload-offset', length: 'upload-length' } as const;

export function uploadPath(build: number, sha256: string): string {
  return `/artifacts/uploads/${build}/${sha256}`;
}

/** Where everybody fetches an object, whole or in ranges. */
export function objectPath(sha256: string): string {
  return `/artifacts/${sha256}`;
}
