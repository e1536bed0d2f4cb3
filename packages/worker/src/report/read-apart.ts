import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
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
 * Reads the report of a step in a process of its own: a report that takes too long or too much memory
 * ends that process, and is `capped`. A thread would not do: V8 ends the whole process when memory
 * runs out within one of its own functions, such as `JSON.parse`.
 *
 * @param env that the process carries besides: by it a stray is found
 * @throws Error when there can be no such process
 */
export async function readReportApart(
  order: Omit<ReportOrder, 'maxBytes'>,
  limits: typeof reportLimits = reportLimits,
  env: Readonly<Record<string, string>> = {},
): Promise<StepReport> {
  const reader = startReader(limits, env);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.kill('SIGKILL');
  }, limits.ms);
  try {
    const answer = await ask(reader, { ...order, maxBytes: limits.bytes });
    if (answer !== null) return stepReportSchema.parse(answer);
  } finally {
    clearTimeout(timer);
    reader.kill('SIGKILL');
  }
  if (isLate) return unread(order.spec, `it could not be read within ${limits.ms / 1_000} s`);
  const { exitCode, signalCode } = reader;
  if (signalCode === null && exitCode !== abortStatus) {
    throw new Error(`the reader of reports ended with status ${exitCode}`);
  }
  return unread(order.spec, `it could not be read within ${limits.heapMb} MiB of memory`);
}

/** What a process without signals ends with when V8 gives up. */
const abortStatus = 134;

function startReader(
  { heapMb }: typeof reportLimits,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const args = [`--max-old-space-size=${heapMb}`, ...entry()];
  const options = {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'] as ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, ...env },
    windowsHide: true,
  };
  if (process.platform === 'win32') return spawn(process.execPath, args, options);
  // V8 gives up by SIGABRT, which would leave a core file of all that memory.
  const script = 'ulimit -c 0; exec "$0" "$@"';
  return spawn('/bin/sh', ['-c', script, process.execPath, ...args], options);
}

/** Null: it ended without an answer. */
function ask(reader: ChildProcess, order: ReportOrder): Promise<unknown> {
  return new Promise((resolve, reject) => {
    reader.once('error', reject);
    reader.once('message', resolve);
    // Its answer may still be on the way when it has ended.
    reader.once('exit', () => {
      if (reader.connected) reader.once('disconnect', () => resolve(null));
      else resolve(null);
    });
    // Where the order can't be sent any more, the end tells why.
    reader.send(order, () => {});
  });
}

function unread({ format }: ReportSpec, text: string): StepReport {
  const totals = { passed: 0, failed: 0, skipped: 0, expectedFailures: 0, unexpectedPasses: 0 };
  return { format, state: 'capped', text, totals, durationMs: null, mismatch: null, named: [] };
}

/** In the one-file agent this module is that file, and the reader one of its commands. */
function entry(): string[] {
  const isBundled = !/\/report\/read-apart\.[jt]s$/.test(import.meta.url);
  if (isBundled) return [fileURLToPath(import.meta.url), 'report'];
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return [fileURLToPath(new URL(`./main.${extension}`, import.meta.url))];
}
