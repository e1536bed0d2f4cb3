import { join } from 'node:path';
import type { ReportFormat, ReportSpec, StepReport } from '@weir/protocol';
import { SpoolReader } from '../spool/reader.ts';
import { readCtrf } from './ctrf.ts';
import { decode, reportFiles, textOfFile } from './files.ts';
import type { Budget } from './files.ts';
import { readGoTest } from './go-test.ts';
import { readJunit } from './junit.ts';
import { storeTests } from './store-tests.ts';
import { isSummaryFormat, readSummary } from './summaries.ts';
import { ReportError, Tally, cut } from './tally.ts';
import { readTap } from './tap.ts';

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
    if (files.length === 0) parse(format, decode(spooled(spool), budget), tally);
    else readFiles({ format, files }, workspace, budget, tally);
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    state = error.state;
    text = cut(error.message, 500);
  }
  const { totals, durationMs, mismatch, named } = tally;
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
  const paths = reportFiles(workspace, files);
  if (paths.length === 0) throw new ReportError('missing', `no file is called ${files.join(', ')}`);
  for (const path of paths) {
    try {
      parse(format, textOfFile(join(workspace, path), budget), tally);
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      throw new ReportError(error.state, `${path}: ${error.message}`);
    }
  }
}

function parse(format: ReportFormat, pieces: Iterable<string>, tally: Tally): void {
  if (isSummaryFormat(format)) return readSummary(format, pieces, tally);
  switch (format) {
    case 'junit':
      return readJunit(pieces, tally);
    case 'tap':
      return readTap(pieces, tally);
    case 'go-test':
      return readGoTest(pieces, tally);
    case 'ctrf':
      return readCtrf(pieces, tally);
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
