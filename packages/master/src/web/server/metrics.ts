import type { RequestHandler } from 'express';
import type { Kysely } from 'kysely';
import type { Clock } from '../../clock.ts';
import type { FarmFacts } from '../../command.ts';
import type { Database } from '../../store/schema.ts';
import { readFarm } from '../read/farm.ts';

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
}

/** `/metrics` in the text format of Prometheus. Every value is read by index, whatever the history. */
export function metricsDoor(
  db: Kysely<Database>,
  farm: () => FarmFacts,
  { streams, now }: { streams: () => number; now: Clock },
): RequestHandler {
  return async (_request, response) => {
    const text = (await readMetrics(db, farm(), streams(), now())).map(toText).join('');
    response.set('cache-control', 'no-store').type('text/plain; version=0.0.4').send(text);
  };
}

async function readMetrics(
  db: Kysely<Database>,
  facts: FarmFacts,
  streams: number,
  now: number,
): Promise<Metric[]> {
  const farm = await readFarm(db, facts);
  const since = farm.oldestWaitSince;
  const oldestWaitSeconds = since === null ? 0 : Math.max(0, now - since) / 1_000;
  const gauge = (name: string, help: string, value: number): Metric => ({
    name: `weir_${name}`,
    type: 'gauge',
    help,
    value,
  });
  const counter = (name: string, help: string, value: number): Metric => ({
    ...gauge(name, help, value),
    type: 'counter',
  });
  return [
    counter('builds_total', 'Builds begun.', await newestId(db, 'build')),
    counter('requests_total', 'Requests written.', await newestId(db, 'request')),
    counter('events_total', 'Events written.', farm.event),
    gauge('builds_running', 'Builds that run, detached ones included.', farm.buildsRunning),
    gauge('requests_waiting', 'Requests that wait.', farm.waiting),
    gauge(
      'request_oldest_wait_seconds',
      'Age of the oldest request that waits.',
      oldestWaitSeconds,
    ),
    gauge('workers', 'Workers that are accepted.', farm.workers),
    gauge('workers_online', 'Workers that are connected.', farm.workersOnline),
    gauge('slots', 'Slots of connected workers.', farm.slots),
    gauge('live_streams', 'Live streams that are open.', streams),
  ];
}

async function newestId(db: Kysely<Database>, table: 'build' | 'request'): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? 0;
}

function toText({ name, type, help, value }: Metric): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}
