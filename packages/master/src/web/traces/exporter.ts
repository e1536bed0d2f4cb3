import { createHash } from 'node:crypto';
import type { Context } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import type { IdGenerator, SpanExporter } from '@opentelemetry/sdk-trace';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Result } from '@weir/protocol';
import { weirVersion } from '../version.ts';
import type { Stretch } from './spans.ts';

export interface TraceExporter {
  /** Has a trace be sent with the next batch; `id` names the request in this farm and all others. */
  add(id: string, root: Stretch): void;
  /** Sends what is left. */
  stop(): Promise<void>;
}

const bad: ReadonlySet<Result | null> = new Set<Result>(['failure', 'exception', 'lost']);

/**
 * Sends traces by OTLP/HTTP, as JSON, where the standard variables say. Batches and what waits are
 * bounded: a collector that does not keep up, or is away, misses traces.
 *
 * @param ended is called with what went wrong with a batch; null when it was taken
 * @throws Error when the variables make no sense
 */
export function openTraceExporter(ended: (error: Error | null) => void): TraceExporter {
  const ids = new RequestIds();
  const provider = new TracerProvider({
    idGenerator: ids,
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'weir', 'service.version': weirVersion }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: telling(ended) })],
  });
  const tracer = provider.getTracer('weir', weirVersion);

  function addSpan(stretch: Stretch, parent: Context): void {
    const { name, startedAt, endedAt, attributes, result, moments, within } = stretch;
    const options = { startTime: new Date(startedAt), attributes: mutable(attributes) };
    const span = tracer.startSpan(name, options, parent);
    for (const moment of moments) {
      span.addEvent(moment.name, mutable(moment.attributes), new Date(moment.at));
    }
    if (bad.has(result)) span.setStatus({ code: SpanStatusCode.ERROR, message: String(result) });
    for (const each of within) addSpan(each, trace.setSpan(parent, span));
    // A clock that was set back in between made it end before it began.
    span.end(new Date(Math.max(startedAt, endedAt)));
  }

  return {
    add(id, root) {
      ids.begin(id);
      addSpan(root, ROOT_CONTEXT);
    },
    stop: () => provider.shutdown(),
  };
}

/** The exporter, which tells how each batch ended. */
function telling(ended: (error: Error | null) => void): SpanExporter {
  const exporter = new OTLPTraceExporter();
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const isTaken = result.code === 0;
        ended(isTaken ? null : (result.error ?? new Error('the collector said nothing of it')));
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

function mutable(
  attributes: Stretch['attributes'],
): Record<string, string | number | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'object' ? [...value] : value,
    ]),
  );
}

/** A request has the same ids wherever it is exported: what two web roles send is one trace. */
class RequestIds implements IdGenerator {
  #request = '';
  #spans = 0;

  begin(request: string): void {
    this.#request = request;
    this.#spans = 0;
  }

  generateTraceId(): string {
    return hash(this.#request).slice(0, 32);
  }

  generateSpanId(): string {
    this.#spans += 1;
    return hash(`${this.#request} ${this.#spans}`).slice(0, 16);
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
