import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { LogAddress } from '../log-sink.ts';
import type { LogKeeper } from './log-keeper.ts';
import { logFilePath, packedPath } from './paths.ts';

/** Bytes of a log whose chunks go in one transaction: some milliseconds of work. */
const bytesPerRemoval = 4 * 1024 * 1024;

/** Removes every form of a log: the object, and what is left of it in its week's file. */
export async function dropLog(dir: string, keeper: LogKeeper, log: LogAddress): Promise<void> {
  await rm(packedPath(dir, log.id), { force: true });
  // Opening it would make it.
  if (!existsSync(logFilePath(dir, log.file))) return;
  const { transactions } = keeper;
  for (let isMore = true; isMore;) {
    isMore = await transactions.run(log.file, {
      run: ({ rows, edits }) => {
        const first = rows.startingFrom(log.id, 0);
        if (first !== undefined) {
          edits.removeChunks(log.id, first.offset, first.offset + bytesPerRemoval);
          return true;
        }
        edits.forget(log.id);
        return false;
      },
    });
  }
  keeper.forget(log);
  // It may have been packed meanwhile; from here on the packer sees that it is gone.
  await rm(packedPath(dir, log.id), { force: true });
}
