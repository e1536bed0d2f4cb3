import { findings, results } from '@weir/protocol';
import { Counter } from 'prom-client';
import type { Metric } from 'prom-client';
import { z } from 'zod';
import type { EventRow } from '../../store/events.ts';

const finishedSchema = z.looseObject({
  result: z.enum(results),
  findings: z.array(z.enum(findings)).default([]),
});

/**
 * Counts of what happened since this web role began, from the event log. Several of them count the
 * same events each: take the largest, not the sum.
 */
export class EventCounts {
  readonly #builds = new Counter<string>({
    name: 'weir_builds_finished_total',
    help: 'Builds that ended, by result.',
    labelNames: ['result'],
    registers: [],
  });
  readonly #findings = new Counter<string>({
    name: 'weir_build_findings_total',
    help: 'Findings of builds that ended.',
    labelNames: ['finding'],
    registers: [],
  });
  readonly #kinds = new Counter<string>({
    name: 'weir_events_seen_total',
    help: 'Events, by what happened.',
    labelNames: ['kind'],
    registers: [],
  });
  readonly metrics: readonly Metric[] = [this.#builds, this.#findings, this.#kinds];

  constructor() {
    // A result that is counted from nothing shows its first one in a rate.
    for (const result of results) this.#builds.inc({ result }, 0);
  }

  heard(rows: readonly EventRow[]): void {
    for (const row of rows) {
      this.#kinds.inc({ kind: row.kind });
      if (row.kind === 'build.finished') this.#finished(row.data_json);
    }
  }

  #finished(json: string): void {
    const data = finishedSchema.safeParse(JSON.parse(json));
    if (!data.success) return;
    this.#builds.inc({ result: data.data.result });
    for (const finding of data.data.findings) this.#findings.inc({ finding });
  }
}
