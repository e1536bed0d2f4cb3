import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { LogExtent, LogReader } from '../../builds/logs/reader.ts';
import type { Log } from '../../log.ts';
import type { LogRow } from '../../store/logs.ts';
import type { WebContext } from '../context.ts';
import { keptLog, logById } from '../read/logs.ts';
import { found, idOf } from './asked.ts';
import { chooseRange } from './byte-range.ts';

/** `GET /api/v1/logs/{id}`: the kept bytes as they are, or one range of them. */
export function logDoor({ db, logs }: Pick<WebContext, 'db' | 'logs'>, log: Log) {
  return async (request: Request, response: Response): Promise<void> => {
    const id = idOf(String(request.params['id']), 'log');
    const row = keptLog(found(await logById(db, id), 'log', id));
    const extent = await logs.extent(row);
    const etag = setHeaders(response, row, extent);
    if (etag !== undefined && request.get('if-none-match') === etag) {
      response.status(304).end();
      return;
    }
    const { from, to } = chooseRange(request, response, { size: extent.bytes, etag });
    response.setHeader('content-length', to - from);
    if (request.method === 'HEAD' || from === to) {
      response.end();
      return;
    }
    const pieces = logs.read(row, { fromByte: from, toByte: to });
    try {
      // Before anything is sent: what can't be read is answered as that.
      const first = await firstOf(pieces, response);
      await pipeline(Readable.from(both(first, pieces), { highWaterMark: 1 }), response);
    } catch (error) {
      // Only the broken connection tells the client; one that went away by itself is no failure of ours.
      if (!response.headersSent) throw error;
      if (!isClientGone(error)) log.warn(`log ${id} broke off for who reads it: ${String(error)}`);
    } finally {
      await pieces.return();
    }
  };
}

type Pieces = ReturnType<LogReader['read']>;

async function firstOf(
  pieces: Pieces,
  response: Response,
): Promise<IteratorResult<Uint8Array, void>> {
  try {
    return await pieces.next();
  } catch (error) {
    for (const name of ofTheBytes) response.removeHeader(name);
    throw error;
  }
}

async function* both(
  first: IteratorResult<Uint8Array, void>,
  rest: Pieces,
): AsyncGenerator<Uint8Array, void> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** What an answer says that has the bytes, and no other. */
const ofTheBytes = ['accept-ranges', 'content-range', 'etag', 'x-weir-kept-ranges'];

/** Answers with the ETag, where the log has one: it will not change any more. */
function setHeaders(response: Response, log: LogRow, extent: LogExtent): string | undefined {
  // Not through express, which would name a character set: the bytes are whatever the step printed.
  response.setHeader('content-type', 'text/plain');
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('cache-control', 'no-cache');
  const keptBytes = extent.ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  if (keptBytes < extent.printed) {
    const ranges = extent.ranges.map(([from, to]) => `${from}-${to}`).join(', ');
    response.setHeader('x-weir-kept-ranges', ranges);
  }
  if (log.finished !== 1 || log.sha256 === null) return undefined;
  const etag = `"${log.sha256}"`;
  response.setHeader('etag', etag);
  return etag;
}
