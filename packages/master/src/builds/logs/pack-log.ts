import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decompress } from './bytes.ts';
import type { FinishRecord } from './log-rows.ts';
import { endOf } from './log-rows.ts';
import type { LogFile } from './open-log-file.ts';
import { writePacked } from './write-packed.ts';

/**
 * Writes a finished log as one object. It has its name only when all of it is on the disk.
 *
 * @param file asked for anew after each pause
 */
export async function packLog(
  id: number,
  record: FinishRecord,
  file: () => LogFile,
  path: string,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.part`;
  try {
    await writeObject(unfinished, id, record, file);
    await rename(unfinished, path);
  } catch (error) {
    // On a full disk it would take the last room.
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeObject(
  path: string,
  id: number,
  record: FinishRecord,
  file: () => LogFile,
): Promise<void> {
  await using object = await open(path, 'w');
  // Unlike `write`, `writeFile` does not stop in the middle of a frame.
  await writePacked(id, record, rawChunks(id, file), (bytes) => object.writeFile(bytes));
  await object.sync();
}

function* rawChunks(id: number, file: () => LogFile): Generator<Uint8Array, void> {
  let offset = 0;
  for (;;) {
    const { rows } = file();
    const chunk = rows.startingFrom(id, offset);
    const data = chunk && rows.data(id, chunk);
    if (chunk === undefined || data === undefined) return;
    offset = endOf(chunk);
    yield decompress(data);
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
