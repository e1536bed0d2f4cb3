import type { RequestHandler } from 'express';
import { Registry } from 'prom-client';
import { eventMetrics } from './event-metrics.ts';
import type { EventCounts } from './events.ts';
import { processMetrics } from './process.ts';
import type { StateContext } from './state.ts';
import { StateMetrics } from './state.ts';

/**
 * `/metrics`, in the text format of Prometheus: names begin with `weir_` and end in their unit, and no
 * label has more values than the farm file or our own closed lists have. What is asked of the store is
 * read by index, whatever the history.
 */
export function metricsDoor(context: StateContext, events: EventCounts): RequestHandler {
  const registry = new Registry();
  for (const metric of [...eventMetrics(events), ...processMetrics()]) {
    registry.registerMetric(metric);
  }
  const state = new StateMetrics(context, registry);
  return async (_request, response) => {
    await state.read();
    response.set('cache-control', 'no-store').type(registry.contentType);
    response.send(await registry.metrics());
  };
}
