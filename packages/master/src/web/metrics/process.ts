import process from 'node:process';
import { Counter, Gauge } from 'prom-client';
import type { Metric } from 'prom-client';

/** What the process takes, all its threads together, by the names that Prometheus' own clients give it. */
export function processMetrics(): Metric[] {
  const startedAt = Date.now() / 1_000 - process.uptime();
  return [
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'Processor time, user and system.',
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
    new Gauge({
      name: 'process_resident_memory_bytes',
      help: 'Resident memory.',
      registers: [],
      collect() {
        this.set(process.memoryUsage.rss());
      },
    }),
    new Gauge({
      name: 'process_start_time_seconds',
      help: 'When the process began, in seconds since 1970.',
      registers: [],
      collect() {
        this.set(startedAt);
      },
    }),
  ];
}
