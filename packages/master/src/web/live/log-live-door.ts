import type { Request, Response } from 'express';
import { found, idOf } from '../api/asked.ts';
import type { WebContext } from '../context.ts';
import { isLogClosed, keptLog, logById } from '../read/logs.ts';
import { startOf } from './event-door.ts';
import type { LogGrowth } from './log-growth.ts';
import type { Streams } from './streams.ts';

/**
 * `GET /api/v1/logs/{id}/live`: what a step prints, as it prints it. Each event's data is base64, and
 * its id the place behind it in what was printed: where it minus the length lies beyond the id
 * before, bytes were cut. An event `end` says that nothing more will come.
 */
export function logLiveDoor(
  { db, logs }: Pick<WebContext, 'db' | 'logs'>,
  growth: LogGrowth,
  streams: Streams,
) {
  return async (request: Request, response: Response): Promise<void> => {
    const id = idOf(String(request.params['id']), 'log');
    const log = keptLog(found(await logById(db, id), 'log', id));
    let position = startOf(request, 'from') ?? 0;
    using _watched = growth.watch(id);
    const stream = streams.open(response);
    while (!stream.signal.aborted) {
      // Both before the look, so that whatever comes after it is not missed.
      const more = growth.next(id);
      const isClosed = await isLogClosed(db, found(await logById(db, id), 'log', id));
      const before = position;
      for await (const { printed, bytes } of logs.follow(log, position)) {
        position = printed + bytes.length;
        await stream.send([{ id: position, data: Buffer.from(bytes).toString('base64') }]);
        if (stream.signal.aborted) return;
      }
      const { bytes, lines, printed, ranges } = await logs.extent(log);
      if (isClosed && position >= (ranges.at(-1)?.[1] ?? 0)) {
        const data = JSON.stringify({ bytes, lines, printed, ranges });
        await stream.send([{ id: position, event: 'end', data }]);
        stream.end();
      } else if (position === before) {
        await stream.wait(more);
      }
    }
  };
}
