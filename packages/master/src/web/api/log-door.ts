import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { LogExtent } from '../../builds/logs/reader.ts';
import type { LogRow } from '../../store/logs.ts';
import type { WebContext } from '../context.ts';
import { keptLog, logById } from '../read/logs.ts';
import { found, idOf } from './asked.ts';
import { chooseRange } from './byte-range.ts';

/** `GET /api/v1/logs/{id}`: the kept bytes as they are, or one range of them. */
export function logDoor({ db, logs }: Pick<WebContext, 'db' | 'logs'>) {
  return async (request: Request, response: Response): Promise<void> => {
    const id = idOf(String(request.params['id']), 'log');
    const log = keptLog(found(await logById(db, id), 'log', id));
    const extent = await logs.extent(log);
    const etag = setHeaders(response, log, extent);
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
    const bytes = Readable.from(logs.read(log, { fromByte: from, toByte: to }), {
      objectMode: true,
      highWaterMark: 1,
    });
    try {
      await pipeline(bytes, response);
    } catch (error) {
      // A client that goes away is no failure of ours.
      if (!response.closed) throw error;
    }
  };
}

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
