import { join } from 'node:path';
import type { ReportFormat, ReportSpec, StepReport } from '@weir/protocol';
import { SpoolReader } from '../spool/reader.ts';
import { readCtrf } from './ctrf.ts';
import { bytesOfFile, decode, metered, reportFiles } from './files.ts';
import type { Budget } from './files.ts';
import { readGoTest } from './go-test.ts';
import { readJunit } from './junit.ts';
import { readProve } from './prove.ts';
import { storeTests } from './store-tests.ts';
import { readSubunit } from './subunit.ts';
import { isSummaryFormat, readSummary } from './summaries.ts';
import { ReportError, Tally } from './tally.ts';
import { readTap } from './tap.ts';
import { cut } from './words.ts';

export interface ReportOrder {
  readonly spec: ReportSpec;
  /** The step's workspace, where its files are. */
  readonly workspace: string;
  /** The spool of what it printed. */
  readonly spool: string;
  /** The folder that takes the list of all tests; null: nobody wants it. */
  readonly objects: string | null;
  /** In bytes, over all files. */
  readonly maxBytes: number;
}

const pieceBytes = 64 * 1024;

/** Reads the report of a step that has ended. What can't be read says so in the answer. */
export function readReport(order: ReportOrder): StepReport {
  const { spec, workspace, spool, objects, maxBytes } = order;
  const { format, files } = spec;
  const tally = new Tally(spec.expected);
  const budget: Budget = { bytes: maxBytes };
  let state: StepReport['state'] = 'read';
  let text = '';
  try {
    if (files.length === 0) readTests(format, metered(spooled(spool), budget), tally);
    else readFiles({ format, files }, workspace, budget, tally);
  } catch (error) {
    const why = reportError(error);
    state = why.state;
    text = cut(why.message, 500);
  }
  const { totals, durationMs, mismatch, named } = tally;
  if (state === 'read' && tally.count === 0) text = tally.whyNone;
  const expected = tally.expectations.seen;
  const some = expected.length > 0 ? { expected } : {};
  const report = { format, state, text, totals, durationMs, mismatch, named, ...some };
  if (state !== 'read' || objects === null) return report;
  const encoded = tally.list.encode(tally.count);
  const tests = encoded && storeTests(encoded, objects);
  return { ...report, ...(tests && { tests }) };
}

function readFiles(
  { format, files }: ReportSpec,
  workspace: string,
  budget: Budget,
  tally: Tally,
): void {
  for (const path of reportFiles(workspace, files)) {
    try {
      readTests(format, metered(bytesOfFile(join(workspace, path)), budget), tally);
    } catch (error) {
      const { state, message } = reportError(error);
      throw new ReportError(state, `${path}: ${message}`);
    }
  }
}

/** Whatever a file does to its reader is the file's: it may be out of reach, or longer than a string. */
function reportError(error: unknown): ReportError {
  if (error instanceof ReportError) return error;
  return new ReportError('invalid', `its reader failed: ${(error as Error).message}`);
}

/** Hands over each test of a report, or of one of its files. @throws ReportError */
export function readTests(format: ReportFormat, bytes: Iterable<Buffer>, tally: Tally): void {
  if (format === 'subunit') return readSubunit(bytes, tally);
  const text = decode(bytes);
  if (isSummaryFormat(format)) return readSummary(format, text, tally);
  switch (format) {
    case 'junit':
      return readJunit(text, tally);
    case 'tap':
      return readTap(text, tally);
    case 'go-test':
      return readGoTest(text, tally);
    case 'ctrf':
      return readCtrf(text, tally);
    case 'prove':
      return readProve(text, tally);
  }
}

/** What the step printed; where the log was cut, what was kept of it. */
function* spooled(dir: string): Generator<Buffer> {
  const reader = new SpoolReader(dir);
  for (let offset = 0; ;) {
    const piece = reader.read(offset, pieceBytes);
    if (piece === null) return;
    yield piece.bytes;
    offset = piece.offset + piece.bytes.length;
  }
}
