import type { ApiBuild } from '@weir/protocol';
import type { LogAddress } from '../../builds/log-sink.ts';
import { printedOf } from '../../builds/logs/kept.ts';
import type { LogExtent } from '../../builds/logs/log-source.ts';
import type { LogLine, LogReader } from '../../builds/logs/reader.ts';
import { ObjectsAwayError } from '../../builds/objects/object-store.ts';
import type { WebContext } from '../context.ts';
import { isLogClosed, keptLog, logById } from '../read/logs.ts';
import { buildSummaryList } from '../read/summaries.ts';
import { linesInPage } from './log.ts';
import type { LogView } from './log.ts';

const tailLines = 12;

/** One page of a log's lines; the last one where `from` is no number. Undefined when there is no such log. */
export async function readLogView(
  { db, logs }: Pick<WebContext, 'db' | 'logs'>,
  id: number,
  from: number,
): Promise<LogView | undefined> {
  const log = await logById(db, id);
  if (log === undefined) return undefined;
  keptLog(log);
  const [build] = await buildSummaryList(db, [log.build_id]);
  const step = await db
    .selectFrom('step')
    .select('name')
    .where('build_id', '=', log.build_id)
    .where('step', '=', log.step)
    .executeTakeFirst();
  if (build === undefined || step === undefined) return undefined;
  const isClosed = await isLogClosed(db, log);
  const extent = await logs.extent(log);
  const start = Number.isSafeInteger(from) && from >= 0 ? from : extent.lines - linesInPage;
  const first = Math.max(0, Math.min(start, extent.lines));
  const lines = await logs.lines(log, first, linesInPage);
  const last = lines.at(-1);
  const end = last === undefined ? 0 : last.fromByte + last.bytes.length;
  const isLastPage = first + lines.length >= extent.lines;
  // The line that is being printed is shown by who follows: it is not whole yet.
  const isPartial = !isClosed && last !== undefined && !last.isCut && end >= extent.bytes;
  if (isPartial) lines.pop();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    id,
    build,
    step: step.name,
    bytes: extent.bytes,
    totalLines: extent.lines,
    printed: extent.printed,
    ranges: extent.ranges,
    isClosed,
    lines: lines.map(({ number, bytes, isCut }) => ({
      number,
      text: decoder.decode(bytes),
      cut: isCut,
    })),
    followFrom: isClosed || !isLastPage ? null : followFrom(extent, last?.fromByte, isPartial),
    from: first,
  };
}

function followFrom(extent: LogExtent, lastLine: number | undefined, isPartial: boolean): number {
  const kept = isPartial && lastLine !== undefined ? lastLine : extent.bytes;
  return printedOf(extent, kept);
}

/** The last lines of each step's log. */
export async function tailsOf(
  { logs, db }: Pick<WebContext, 'db' | 'logs'>,
  build: ApiBuild,
): Promise<Map<number, string[]>> {
  const tails = new Map<number, string[]>();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (const { index, log } of build.steps) {
    const row = log === null ? undefined : await logById(db, log.id);
    if (row === undefined || row.dropped_at !== null) continue;
    const tail = await tailOf(logs, row);
    tails.set(
      index,
      tail.map(({ bytes }) => decoder.decode(bytes.subarray(0, 1_000))),
    );
  }
  return tails;
}

/** None while they can't be had: the page has more to say. */
async function tailOf(logs: LogReader, address: LogAddress): Promise<LogLine[]> {
  const { lines } = await logs.extent(address);
  try {
    return await logs.lines(address, Math.max(0, lines - tailLines), tailLines);
  } catch (error) {
    if (error instanceof ObjectsAwayError) return [];
    throw error;
  }
}
