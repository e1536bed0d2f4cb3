import type { LogAddress } from '../builds/log-sink.ts';
import type { LogReader } from '../builds/logs/reader.ts';
import { LogCutError } from '../builds/logs/reader.ts';
import { ObjectsAwayError } from '../builds/objects/object-store.ts';

const tailBytes = 64 * 1024;

/** The text of the end of a log, from the begin of a line; empty when there is none to be read now. */
export async function readTail(logs: LogReader, log: LogAddress): Promise<string> {
  const parts: Uint8Array[] = [];
  const size = await logs.size(log);
  const fromByte = Math.max(0, size - tailBytes);
  try {
    for await (const bytes of logs.read(log, { fromByte })) parts.push(bytes);
  } catch (error) {
    if (!(error instanceof LogCutError || error instanceof ObjectsAwayError)) throw error;
  }
  const text = Buffer.concat(parts).toString('utf8');
  return fromByte === 0 ? text : text.slice(text.indexOf('\n') + 1);
}
