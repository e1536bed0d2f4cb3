import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ReportSpec, StepReport } from '@weir/protocol';
import { stepReportSchema } from '@weir/protocol';
import type { ReportOrder } from './read-report.ts';

/** Within these bounds a report is read, whatever it holds. */
export const reportLimits = {
  bytes: 512 * 1024 * 1024,
  ms: 120_000,
  heapMb: 256,
};

/**
 * Reads the report of a step in a thread of its own: a report that takes too long or too much memory
 * ends that thread, and is `capped`.
 */
export async function readReportApart(
  order: Omit<ReportOrder, 'maxBytes'>,
  limits: typeof reportLimits = reportLimits,
): Promise<StepReport> {
  const data: ReportOrder = { ...order, maxBytes: limits.bytes };
  const thread = new Worker(entry(), {
    argv: ['report'],
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMb },
    stdout: false,
  });
  const timer = setTimeout(() => void thread.terminate(), limits.ms);
  try {
    const [message] = (await Promise.race([
      once(thread, 'message'),
      once(thread, 'exit').then(() => [null]),
    ])) as [unknown];
    if (message !== null) return stepReportSchema.parse(message);
    return unread(order.spec, `it could not be read within ${limits.ms / 1_000} s`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
    return unread(order.spec, `it could not be read within ${limits.heapMb} MiB of memory`);
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

function unread({ format }: ReportSpec, text: string): StepReport {
  const totals = { passed: 0, failed: 0, skipped: 0, expectedFailures: 0, unexpectedPasses: 0 };
  return { format, state: 'capped', text, totals, durationMs: null, mismatch: null, named: [] };
}

/** In the one-file agent this module is that file, and the thread one of its commands. */
function entry(): string {
  const isBundled = !/\/report\/read-apart\.[jt]s$/.test(import.meta.url);
  if (isBundled) return fileURLToPath(import.meta.url);
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./main.${extension}`, import.meta.url));
}
