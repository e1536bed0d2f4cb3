const bytes = { type: 'string', description: 'bytes as the step printed them' };
const events = { type: 'string', description: 'server-sent events' };
const logId = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const lastEventId = {
  name: 'Last-Event-ID',
  in: 'header',
  description: 'goes on behind that event',
  schema: { type: 'string' },
};
const text = { content: { 'text/plain': { schema: bytes } } };
const live = {
  200: { description: 'live', content: { 'text/event-stream': { schema: events } } },
};

function numberInQuery(name: string, description: string): object {
  return { name, in: 'query', description, schema: { type: 'integer', minimum: 0 } };
}

/** The doors that answer no JSON, as the OpenAPI document describes them. All are GET. */
export const otherDoors = [
  {
    method: 'get',
    path: '/api/v1/logs/{id}',
    summary: 'The kept bytes of a log as they are; one range of them by `Range`',
    parameters: [logId],
    responses: {
      200: { description: 'the whole', ...text },
      206: { description: 'the range', ...text },
      304: { description: 'not changed' },
    },
  },
  {
    method: 'get',
    path: '/api/v1/logs/{id}/live',
    summary:
      'What a step prints, as it prints it: base64 in each event, whose id is the place behind it; `end` is the last one',
    parameters: [logId, numberInQuery('from', 'a place in what was printed'), lastEventId],
    responses: live,
  },
  {
    method: 'get',
    path: '/api/v1/events',
    summary:
      'The event log, live: `id` is the number, `data` an Event as JSON; `reset` when what was asked for is not kept any more',
    parameters: [
      numberInQuery('after', 'a number; without it, only what happens from now on'),
      lastEventId,
    ],
    responses: live,
  },
] as const;
