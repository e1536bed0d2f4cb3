import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { maxChunkBytes } from '@weir/protocol';
import type { FinishAnswer, LogEnd } from '../log-sink.ts';
import { decompress } from './bytes.ts';
import type { Omission } from './kept.ts';
import { keptBytes, omissionOf } from './kept.ts';
import type { LiveLog } from './live-log.ts';
import type { ChunkRows, LogParts } from './log-parts.ts';
import { endOf } from './log-rows.ts';
import type { LogFile } from './open-log-file.ts';
import { LogRefusedError } from './refused.ts';

/** Larger logs become an object of their own; for the others a file each would cost more than it saves. */
const maxUnpackedBytes = maxChunkBytes;

/** The log is trimmed, but its hash is known only after it was read back. */
export interface Unproven {
  readonly t: 'unproven';
  readonly version: symbol;
}

/** Brings the log to its end, in the writer's transaction: trims it, checks it, keeps it for good. */
export function finishLog(
  log: LiveLog,
  parts: LogParts,
  end: LogEnd,
  capBytes: number,
): FinishAnswer | Unproven {
  const known = parts.rows.finished(log.id);
  if (known !== undefined) {
    if (known.sha256 === end.sha256 && known.bytes === end.bytes) {
      return { t: 'kept', lines: known.lines };
    }
    throw new LogRefusedError('log-finished', `log ${log.id} is finished, with another end`);
  }
  const omission = omissionOf(end, capBytes);
  const missing = firstMissing(log, end.bytes, omission);
  if (missing !== undefined) {
    log.truncate(missing);
    return { t: 'rewind', offset: log.end };
  }
  if (omission.from < omission.to) log.keepAllBut(omission.from, omission.to);
  log.flush();
  const digest = log.digest();
  if (digest === undefined) return { t: 'unproven', version: log.version };
  return settle(log, parts, end, digest);
}

/** Keeps the log when the hash of its bytes is right, or else drops it and asks for all of it again. */
export function settle(log: LiveLog, parts: LogParts, end: LogEnd, digest: string): FinishAnswer {
  if (digest !== end.sha256) {
    log.truncate(0);
    return { t: 'rewind', offset: 0 };
  }
  const lines = log.lineEnds() + (endsOpen(log.id, parts.rows) ? 1 : 0);
  const { bytes, ranges, sha256 } = end;
  const isToPack = keptBytes(ranges) > maxUnpackedBytes;
  parts.edits.putFinished(log.id, { bytes, ranges, lines, sha256, isToPack });
  return { t: 'kept', lines };
}

/** The hash of all that is stored. Lets others write in between. */
export async function readBackHash(id: number, file: () => LogFile): Promise<string> {
  const hash = createHash('sha256');
  let offset = 0;
  for (;;) {
    const { rows } = file();
    const chunk = rows.startingFrom(id, offset);
    const data = chunk && rows.data(id, chunk);
    if (chunk === undefined || data === undefined) return hash.digest('hex');
    hash.update(decompress(data));
    offset = endOf(chunk);
    await nextTurn();
  }
}

/** The first byte that must be kept and is not there; 0 when more came than was printed. */
function firstMissing(log: LiveLog, bytes: number, { from, to }: Omission): number | undefined {
  if (log.end > bytes) return 0;
  if (log.cut !== undefined) {
    if (log.cut.from < from) return log.cut.from;
    if (log.cut.to > to) return Math.max(to, log.cut.from);
  }
  // What was printed last and not kept need not be there.
  const isThere = from < to && to === bytes ? log.end >= from : log.end === bytes;
  return isThere ? undefined : log.end;
}

/** The last line has no line end. */
function endsOpen(id: number, rows: ChunkRows): boolean {
  const last = rows.last(id);
  const data = last && rows.data(id, last);
  return data !== undefined && decompress(data).at(-1) !== 10;
}
