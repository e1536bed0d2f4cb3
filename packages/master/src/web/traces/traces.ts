import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Log } from '../../log.ts';
import type { EventRow } from '../../store/events.ts';
import type { Database } from '../../store/schema.ts';
import type { TraceExporter } from './exporter.ts';
import { readRequestLife } from './request-life.ts';
import { stretchesOf } from './spans.ts';

export interface TracesOptions {
  /** Read-only. */
  readonly db: Kysely<Database>;
  /** Of the farm's key: it names the farm. */
  readonly fingerprint: string;
  readonly log: Log;
}

/** With that many requests ahead the exporter does not keep up: what else ends has no trace. */
const maxWaiting = 1_000;
/** How long the last batch may take. */
const stopMs = 1_500;
/** After these a request may have ended. */
const ends: ReadonlySet<string> = new Set([
  'build.finished',
  'build.lost',
  'build.cancelled',
  'request.cancelled',
  'request.skipped',
  'request.superseded',
]);
const ofBuildSchema = z.looseObject({ request: z.number() });

/**
 * The life of each request as a trace, sent when it ends. Only what ends while this web role runs is
 * sent, and nothing is sent again: traces are for who looks at how the farm works, and no record.
 */
export class Traces {
  readonly #options: TracesOptions;
  readonly #exporter: TraceExporter;
  readonly #waiting: number[] = [];
  #sending: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: TracesOptions, exporter: TraceExporter) {
    this.#options = options;
    this.#exporter = exporter;
  }

  heard(rows: readonly EventRow[]): void {
    for (const row of rows) {
      const request = endedRequest(row);
      if (request !== null && this.#waiting.length < maxWaiting) this.#waiting.push(request);
    }
    if (this.#waiting.length > 0) this.#sending ??= this.#send();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const sent = (async () => {
      await this.#sending;
      await this.#exporter.stop();
    })();
    const inTime = setTimeout(stopMs, undefined, { ref: false });
    // A batch that is not taken has been told of.
    await Promise.race([sent.catch(() => {}), inTime]);
  }

  async #send(): Promise<void> {
    const { db, fingerprint, log } = this.#options;
    for (let id = this.#waiting.shift(); id !== undefined; id = this.#waiting.shift()) {
      try {
        const life = await readRequestLife(db, id);
        if (life !== undefined) {
          this.#exporter.add(`${fingerprint} request/${id}`, stretchesOf(life));
        }
      } catch (error) {
        log.warn(`request ${id} has no trace: ${String(error)}`, { request: id });
      }
      // Whoever asks for a page goes first.
      if (!this.#isStopped) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#sending = undefined;
  }
}

/** Null when the standard variables of OpenTelemetry ask for none. */
export async function openTraces(options: TracesOptions): Promise<Traces | null> {
  const { log } = options;
  const endpoint = wantedEndpoint();
  if (endpoint === null) return null;
  // The exporter would go to its default address without a word.
  if (!URL.canParse(endpoint.url)) {
    log.warn(`there are no traces: ${endpoint.variable} is no address`);
    return null;
  }
  let isFailing = false;
  try {
    // Most farms need none of it.
    const { openTraceExporter } = await import('./exporter.ts');
    const exporter = openTraceExporter((error) => {
      if (error !== null && !isFailing) log.warn(`traces are not taken: ${String(error)}`);
      isFailing = error !== null;
    });
    return new Traces(options, exporter);
  } catch (error) {
    log.warn(`there are no traces: ${String(error)}`);
    return null;
  }
}

/** Where the standard variables want traces; null: nowhere. */
function wantedEndpoint(): { variable: string; url: string } | null {
  const { env } = process;
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return null;
  for (const variable of ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']) {
    const url = env[variable];
    if (url) return { variable, url };
  }
  return null;
}

function endedRequest({ kind, subject, data_json: json }: EventRow): number | null {
  if (!ends.has(kind)) return null;
  if (subject.startsWith('request/')) return Number(subject.slice('request/'.length));
  return ofBuildSchema.safeParse(JSON.parse(json)).data?.request ?? null;
}
