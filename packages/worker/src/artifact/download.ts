import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { objectPath, pieceBytes } from '@weir/protocol';
import type { StoredObject } from '@weir/protocol';
import { ObjectRefusedError, ask, persist, refusal } from './ask-farm.ts';
import type { FarmObjects } from './ask-farm.ts';

/** The farm has an object no more, or has other bytes by its name. */
export class UnfetchedError extends ObjectRefusedError {
  override readonly name = 'UnfetchedError';
  readonly sha256: string;

  constructor(text: string, sha256: string) {
    super(text);
    this.sha256 = sha256;
  }
}

/**
 * Fetches an object into a file, in pieces, and goes on after a cut, or another day, where the file
 * ends. Resolves when the file's bytes have the hash; while the farm is away it waits.
 *
 * @throws UnfetchedError when the farm has it no more, or sends other bytes twice; the signal's reason
 */
export async function downloadObject(
  place: FarmObjects,
  file: string,
  object: StoredObject,
): Promise<void> {
  const url = new URL(objectPath(object.sha256), place.farm);
  await using target = await open(file, 'a', 0o600);
  let corruptions = 0;

  await persist(place, async () => {
    let { size } = await target.stat();
    while (size < object.bytes) {
      const last = Math.min(size + pieceBytes, object.bytes) - 1;
      const answer = await ask(url, place, { headers: { range: `bytes=${size}-${last}` } });
      if (answer.status !== 206) {
        throw new UnfetchedError(refusal(url, answer).message, object.sha256);
      }
      await target.appendFile(answer.body);
      size += answer.body.length;
    }
    if (size === object.bytes && (await sha256Of(file)) === object.sha256) return true;
    await target.truncate(0);
    if (++corruptions < 2) return false;
    throw new UnfetchedError(`${url.href}: its bytes are not those of its hash`, object.sha256);
  });
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
