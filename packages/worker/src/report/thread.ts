import { parentPort, workerData } from 'node:worker_threads';
import { readReport } from './read-report.ts';
import type { ReportOrder } from './read-report.ts';

/** In a thread of `readReportApart`: reads one report, and tells. */
export function runReportThread(): void {
  parentPort?.postMessage(readReport(workerData as ReportOrder));
}
