import { findings, results } from '@weir/protocol';
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
  /** By result. One that is counted from nothing shows its first in a rate. */
  readonly builds = new Map<string, number>(results.map((result) => [result, 0]));
  readonly findings = new Map<string, number>();
  /** By what happened. */
  readonly kinds = new Map<string, number>();

  heard(rows: readonly EventRow[]): void {
    for (const row of rows) {
      count(this.kinds, row.kind);
      if (row.kind === 'build.finished') this.#finished(row.data_json);
    }
  }

  #finished(json: string): void {
    const data = finishedSchema.safeParse(JSON.parse(json));
    if (!data.success) return;
    count(this.builds, data.data.result);
    for (const finding of data.data.findings) count(this.findings, finding);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
