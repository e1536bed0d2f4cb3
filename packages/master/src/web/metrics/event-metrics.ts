import { Counter } from 'prom-client';
import type { Metric } from 'prom-client';
import type { EventCounts } from './events.ts';

/** What was counted, as Prometheus reads it. */
export function eventMetrics({ builds, findings, kinds }: EventCounts): Metric[] {
  return [
    counterOf('weir_builds_finished_total', 'Builds that ended, by result.', 'result', builds),
    counterOf('weir_build_findings_total', 'Findings of builds that ended.', 'finding', findings),
    counterOf('weir_events_seen_total', 'Events, by what happened.', 'kind', kinds),
  ];
}

function counterOf(
  name: string,
  help: string,
  label: string,
  counts: ReadonlyMap<string, number>,
): Metric {
  return new Counter({
    name,
    help,
    labelNames: [label],
    registers: [],
    collect() {
      this.reset();
      for (const [value, count] of counts) this.inc({ [label]: value }, count);
    },
  });
}
