import { open } from 'node:fs/promises';
import { pieceBytes, uploadHeaders, uploadPath } from '@weir/protocol';
import type { StoredObject } from '@weir/protocol';
import { ask, persist, refusal } from './ask-farm.ts';
import type { Answer, FarmObjects } from './ask-farm.ts';

export interface Upload {
  readonly build: number;
  /** Of the build's spec: it may bring objects for this build alone. */
  readonly token: string;
  readonly file: string;
  readonly object: StoredObject;
}

/**
 * Brings a file to the farm, in pieces, and goes on after a cut where the farm says. Resolves when
 * the farm has checked its hash and stored it; while the farm is away, or has no room, it waits.
 *
 * @throws ObjectRefusedError, or the signal's reason
 */
export async function uploadObject(place: FarmObjects, upload: Upload): Promise<void> {
  const { build, token, file, object } = upload;
  const url = new URL(uploadPath(build, object.sha256), place.farm);
  const headers = {
    authorization: `Bearer ${token}`,
    [uploadHeaders.length]: String(object.bytes),
  };
  await using source = await open(file, 'r');
  const piece = Buffer.alloc(Math.min(pieceBytes, object.bytes));
  let corruptions = 0;

  await persist(place, async () => {
    let answer = await ask(url, place, { method: 'HEAD', headers });
    while (answer.status !== 201) {
      // Another try of ours may still be writing; a wrong byte on the way is sent once more.
      if (answer.status === 409 || (answer.status === 422 && ++corruptions < 2)) return false;
      const offset = offsetOf(answer);
      if (offset === undefined) throw refusal(url, answer);
      const { bytesRead } = await source.read(piece, 0, piece.length, offset);
      answer = await ask(url, place, {
        method: 'PATCH',
        headers: {
          ...headers,
          'content-type': 'application/offset+octet-stream',
          [uploadHeaders.offset]: String(offset),
        },
        body: piece.subarray(0, bytesRead),
      });
    }
    return true;
  });
}

/** Where the farm goes on; undefined when it refuses. */
function offsetOf({ status, headers }: Answer): number | undefined {
  const offset = Number(headers.get(uploadHeaders.offset) ?? Number.NaN);
  return (status === 200 || status === 204) && Number.isSafeInteger(offset) ? offset : undefined;
}
