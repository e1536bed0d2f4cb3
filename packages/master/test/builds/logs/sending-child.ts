import type { LogsPlace } from '../../../src/builds/logs/open-logs.ts';
import { openLogSink } from '../../../src/builds/logs/open-logs.ts';
import { log, numberedLines } from './support.ts';

/** Sends a log from an offset on, and tells its parent each acknowledgement, until it is killed. */
const [place = '', start = '0'] = process.argv.slice(2);
const printed = numberedLines(200_000);
const writer = await openLogSink(JSON.parse(place) as LogsPlace);
let next = Number(start);

async function sendOn(): Promise<void> {
  while (next < printed.length) {
    const at = next;
    next += 1_000;
    const answer = await writer.append(log, at, printed.slice(at, at + 1_000), false);
    process.send?.(answer.offset);
  }
}
await Promise.all(Array.from({ length: 8 }, sendOn));
