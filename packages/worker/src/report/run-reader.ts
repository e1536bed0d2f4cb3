import process from 'node:process';
import { readReport } from './read-report.ts';
import type { ReportOrder } from './read-report.ts';

/**
 * The whole life of a process of `readReportApart`: it reads one report, and tells. Resolves when it
 * has told, or when there is nobody to tell any more.
 */
export async function runReader(): Promise<void> {
  // A file full of what readers complain of makes an error each; most of their cost is the stack.
  Error.stackTraceLimit = 0;
  const order = await new Promise<ReportOrder | null>((resolve) => {
    process.once('message', (message) => resolve(message as ReportOrder));
    process.once('disconnect', () => resolve(null));
  });
  if (order === null) return;
  const report = readReport(order);
  await new Promise((resolve) => process.send?.(report, resolve));
}
