import type { Request, Response } from 'express';
import type { Kysely } from 'kysely';
import { eventBounds } from '../../store/events.ts';
import type { Database } from '../../store/schema.ts';
import { problem } from '../server/problems.ts';
import type { EventFeed } from './event-feed.ts';
import type { EventStream } from './sse.ts';
import type { Streams } from './streams.ts';

/** `GET /api/v1/events`: the event log from a number on, or from now on. */
export function eventDoor(db: Kysely<Database>, feed: EventFeed, streams: Streams) {
  return async (request: Request, response: Response): Promise<void> => {
    const asked = startOf(request, 'after');
    const { oldest, newest } = await eventBounds(db);
    const stream = streams.open(response);
    const isKept = asked === undefined || (asked >= oldest - 1 && asked <= newest);
    if (!isKept) await sendReset(stream, newest);
    await follow(stream, feed, isKept ? (asked ?? newest) : newest);
  };
}

async function follow(stream: EventStream, feed: EventFeed, from: number): Promise<void> {
  let position = from;
  let saysAway = false;
  while (!stream.signal.aborted) {
    const news = feed.next();
    if (feed.isAway !== saysAway) {
      saysAway = feed.isAway;
      await stream.send([{ event: saysAway ? 'away' : 'back', data: '{}' }]);
    }
    const events = saysAway ? [] : await feed.after(position);
    const [first] = events;
    if (first === undefined) {
      await stream.wait(news);
    } else if (first.id === position + 1) {
      await stream.send(events);
      position += events.length;
    } else {
      // Retention overtook a slow reader.
      position = feed.newest;
      await sendReset(stream, position);
    }
  }
}

/** What was asked for is not kept: the client has to read everything anew, and goes on from there. */
function sendReset(stream: EventStream, newest: number): Promise<void> {
  return stream.send([{ id: newest, event: 'reset', data: JSON.stringify({ event: newest }) }]);
}

/**
 * Where a stream is to begin: `Last-Event-ID`, which a browser sends when it comes back, before the
 * query's parameter. @throws ProblemError when it is no number
 */
export function startOf(request: Request, parameter: string): number | undefined {
  const given = request.get('last-event-id') ?? request.query[parameter];
  if (given === undefined || given === '') return undefined;
  if (typeof given === 'string' && /^\d{1,15}$/.test(given)) return Number(given);
  throw problem('bad-query', `${parameter} takes a whole number`);
}
