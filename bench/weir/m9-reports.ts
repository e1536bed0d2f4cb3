import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { testCount } from '@weir/protocol';
import { readReportApart } from '../../packages/worker/src/report/read-apart.ts';
import { ChildMemory } from '../../test/support/child-memory.ts';
import { percentile, Report, round } from '../measures.ts';
import { writeReport } from './report-text.ts';
import type { BenchFormat } from './report-text.ts';

/** M9: how fast a worker reads the report of a large suite, from the file to the counts. */
export async function m9Reports(
  name: string,
  { format, tests, runs }: { format: BenchFormat; tests: number; runs: number },
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-m9-'));
  try {
    const bytes = writeReport(join(dir, 'report'), format, tests);
    const report = new Report('weir', name, { runs, tests, file_mb: round(bytes / 1e6, 1) });
    await timeReading(dir, format, tests);
    using memory = new ChildMemory();
    const seconds: number[] = [];
    for (let run = 0; run < runs; run++) seconds.push(await timeReading(dir, format, tests));
    const median = percentile(seconds, 50);
    report.emit('m9.report_cases_per_s', tests / median, 'tests/s', {
      median_s: round(median, 3),
      max_s: round(Math.max(...seconds), 3),
      rss_peak_mb: round(memory.peakMb, 0),
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function timeReading(dir: string, format: BenchFormat, tests: number): Promise<number> {
  const order = {
    spec: { format, files: ['report'] },
    workspace: dir,
    spool: join(dir, 'none'),
    objects: join(dir, 'objects'),
  };
  const start = performance.now();
  const { state, text, totals, mismatch } = await readReportApart(order);
  const seconds = (performance.now() - start) / 1_000;
  const isRight = state === 'read' && mismatch === null && testCount(totals) === tests;
  if (!isRight || totals.failed !== Math.floor(tests / 100)) {
    throw new Error(`it was not read: ${state} ${text} ${mismatch} ${JSON.stringify(totals)}`);
  }
  return seconds;
}
