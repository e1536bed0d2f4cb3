import { logLinesSchema } from '@weir/protocol';
import { z } from 'zod';
import type { WebContext } from '../context.ts';
import { isLogClosed, keptLog, logById } from '../read/logs.ts';
import { found, idOf } from './asked.ts';
import type { Door } from './door.ts';
import { door } from './door.ts';

const maxLines = 5_000;

/** `GET /api/v1/logs/{id}/lines`: lines as text, for who shows them. */
export function logLinesDoor({ db, logs }: Pick<WebContext, 'db' | 'logs'>): Door {
  return door({
    path: '/api/v1/logs/{id}/lines',
    summary: 'Lines of a log as text; what is no UTF-8 comes as U+FFFD',
    query: z.strictObject({
      from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
      count: z.coerce.number().int().min(1).max(maxLines).default(500),
    }),
    answer: logLinesSchema,
    async handle({ subject, query: { from, count } }) {
      const id = idOf(subject, 'log');
      const log = keptLog(found(await logById(db, id), 'log', id));
      // Before the rest: it may grow while it is read, and then is not whole.
      const isClosed = await isLogClosed(db, log);
      const { bytes, lines, printed, ranges } = await logs.extent(log);
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      return {
        log: id,
        build: log.build_id,
        step: log.step,
        closed: isClosed,
        bytes,
        printed,
        lines,
        ranges: ranges.map(([start, end]): [number, number] => [start, end]),
        items: (await logs.lines(log, from, count)).map((line) => ({
          number: line.number,
          fromByte: line.fromByte,
          text: decoder.decode(line.bytes),
          cut: line.isCut,
        })),
      };
    },
  });
}
