import { createHash } from 'node:crypto';
import type { ApiBuild, ApiStep, Range } from '@weir/protocol';
import type { FarmApi } from './farm-api.ts';
import type { LedgerEntry } from './ledger.ts';
import { outputOf } from './script.ts';

/** What the farm has of one step's log, beside the ledger of the run that printed it. */
export interface LogReading {
  readonly build: number;
  readonly step: number;
  /** The run whose log it is; null where nothing was stored. */
  readonly nonce: string | null;
  readonly keptBytes: number;
  /** Something of what was printed was not kept, because it was too much. */
  readonly isCut: boolean;
  /** Where log and ledger differ; null where each byte is as it was printed. */
  readonly difference: string | null;
}

/** As the farm file under test has it. */
const capBytes = 1024 * 1024;

/** Fetches a log, raw, and compares it with what was printed. */
export async function readLog(
  api: FarmApi,
  ledgers: ReadonlyMap<string, LedgerEntry>,
  { build, step }: { build: ApiBuild; step: ApiStep },
): Promise<LogReading> {
  const place = { build: build.id, step: step.index };
  const nothing = { ...place, nonce: null, keptBytes: 0, isCut: false, difference: null };
  if (step.log === null) return nothing;
  const { bytes, kept } = await api.bytes(`/api/v1/logs/${step.log.id}`);
  // What can't be spooled ends a step as the farm's own fault: of its log, what there is must be right.
  const isFinished = step.log.finished && step.result !== 'exception';
  if (bytes.length === 0) return nothing;
  const ranges = kept === null ? [[0, bytes.length] as Range] : parseRanges(kept);
  const nonce = /^chaos ([\da-f]{16})\n/.exec(bytes.toString('latin1', 0, 40))?.[1] ?? null;
  const run = nonce === null ? undefined : ledgers.get(nonce);
  const difference =
    run === undefined
      ? `no run printed this: ${JSON.stringify(bytes.toString('utf8', 0, 60))}`
      : differenceOf({ bytes, ranges, isFinished }, run);
  return { ...place, nonce, keptBytes: bytes.length, isCut: kept !== null, difference };
}

interface StoredLog {
  readonly bytes: Buffer;
  readonly ranges: readonly Range[];
  readonly isFinished: boolean;
}

function differenceOf({ bytes, ranges, isFinished }: StoredLog, run: LedgerEntry): string | null {
  const printed = outputOf(run);
  const total = ranges.at(-1)?.[1] ?? 0;
  const { ended } = run;
  if (ended !== null && sha256(printed) !== ended.sha256) return 'the ledger is wrong about itself';
  if (isFinished && ended !== null && total !== ended.bytes) {
    return `${total} bytes, and ${ended.bytes} were printed`;
  }
  if (isFinished && total < run.printed) {
    return `${total} bytes, and ${run.printed} were printed at least`;
  }
  if (isFinished && bytes.length !== Math.min(total, capBytes)) {
    return `${bytes.length} bytes were kept of ${total}`;
  }
  let at = 0;
  for (const [from, to] of ranges) {
    const stored = bytes.subarray(at, at + to - from);
    if (!stored.equals(printed.subarray(from, to))) {
      return `differs from what was printed at byte ${from + firstDifference(stored, printed.subarray(from, to))}`;
    }
    at += to - from;
  }
  return at === bytes.length ? null : `${bytes.length} bytes, and the ranges say ${at}`;
}

function firstDifference(a: Buffer, b: Buffer): number {
  const index = a.findIndex((byte, at) => byte !== b[at]);
  return index < 0 ? a.length : index;
}

function parseRanges(text: string): Range[] {
  return text.split(', ').map((range) => {
    const [from = 0, to = 0] = range.split('-').map(Number);
    return [from, to];
  });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
