import { statfsSync } from 'node:fs';
import type { BuildLimits, StepSpec } from '@weir/protocol';
import type { ProcessPlatform, StepCommand, StepProcess } from '../process/contract.ts';
import type { FinishedLog } from '../spool/writer.ts';
import { SpoolWriter } from '../spool/writer.ts';
import { errorText, isFull } from './disk-full.ts';
import { watchLimits } from './limit-watch.ts';
import { outcomeOf } from './outcome.ts';
import type { EndReason, Outcome } from './outcome.ts';

export interface StepOrder {
  readonly step: StepSpec;
  readonly limits: BuildLimits;
  readonly command: StepCommand;
  /** Folders that count against the disk limit. */
  readonly dirs: readonly string[];
  readonly mark: string;
  readonly outputPipe: string;
  readonly spool: string;
  /** Aborted, with the reason, when a person cancels the build. */
  readonly cancelled: AbortSignal;
  readonly onGrew: () => void;
}

/** After its tree is gone a step's output is read to the end; something beyond reach may still hold it. */
const outputPatienceMs = 5_000;
/** A timer of Node holds no more. */
const maxTimerMs = 2 ** 31 - 1;

/** Runs one step to its end, whatever that end is. Nothing that it started is left behind. */
export async function runStep(
  platform: ProcessPlatform,
  order: StepOrder,
): Promise<{ log: FinishedLog; outcome: Outcome }> {
  const { step, limits, command, mark, outputPipe, cancelled } = order;
  const spool = new SpoolWriter(order.spool, limits.logBytes);
  const child = await platform.spawnStep(command, { limits, mark, output: outputPipe });
  try {
    const watch = new AbortController();
    const seen = guard(child, order, spool, watch.signal);
    const exit = await child.exited;
    const isFullNow = isFull(statfsSync(outputPipe));
    // Without a reason Node makes an error, with its stack.
    watch.abort('ended');
    await child.killTree();
    await drain(child);
    const log = await spool.finish();
    const hits = child.limitHits();
    const isLogCut = log.bytes > limits.logBytes;
    const reason = seen.ended ?? (cancelled.aborted ? cancelReason(cancelled) : null);
    const facts = {
      exit,
      hits,
      ended: reason,
      isLogCut,
      wasDiskFull: seen.wasDiskFull || isFullNow,
    };
    return { log, outcome: outcomeOf(facts, step, limits) };
  } finally {
    child.output.destroy();
  }
}

/** What was seen of a step while it ran. */
interface Seen {
  /** The first reason for which it was ended. */
  ended: EndReason | null;
  wasDiskFull: boolean;
}

/** Spools the output, and ends the step for each reason there is to end one. */
function guard(
  child: StepProcess,
  { step, limits, dirs, cancelled, onGrew }: StepOrder,
  spool: SpoolWriter,
  signal: AbortSignal,
): Seen {
  const seen: Seen = { ended: null, wasDiskFull: false };
  const end = (why: EndReason): void => {
    seen.ended ??= why;
    child.killTree().catch((error: unknown) => console.error('ending a step:', error));
  };
  const timeout = setTimeout(() => end({ by: 'timed-out' }), Math.min(step.timeoutMs, maxTimerMs));
  const silence = setTimeout(() => end({ by: 'silent' }), Math.min(step.silenceMs, maxTimerMs));
  const cancel = (): void => end(cancelReason(cancelled));
  cancelled.addEventListener('abort', cancel, { once: true });
  if (cancelled.aborted) cancel();
  signal.addEventListener('abort', () => {
    clearTimeout(timeout);
    clearTimeout(silence);
    cancelled.removeEventListener('abort', cancel);
  });
  child.output.read((chunk) => {
    try {
      spool.append(chunk);
    } catch (error) {
      end({ by: 'broken', reason: `the log can't be kept: ${errorText(error)}` });
    }
    if (!signal.aborted) silence.refresh();
    onGrew();
  });
  watchLimits({
    dirs,
    diskBytes: limits.diskBytes,
    hasProcessCapHit: () => child.limitHits().processes,
    onHit: (by) => end({ by }),
    onDiskFull: () => (seen.wasDiskFull = true),
    signal,
  }).catch((error: unknown) => console.error('watching limits:', error));
  return seen;
}

function cancelReason(cancelled: AbortSignal): EndReason {
  return { by: 'cancelled', reason: String(cancelled.reason) };
}

async function drain({ output }: StepProcess): Promise<void> {
  const { promise: patience, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, outputPatienceMs);
  await Promise.race([output.ended, patience]).finally(() => clearTimeout(timer));
}
