import type { ReportFormat, TestTotals } from '@weir/protocol';
import { readTests } from '../../src/report/read-report.ts';
import { Tally } from '../../src/report/tally.ts';
import type { TestCase } from '../../src/report/tally.ts';

/** passed, failed, skipped, expected failures, unexpected passes */
export type Counts = readonly [number, number, number, number, number];

export function countsOf({ totals }: { readonly totals: TestTotals }): Counts {
  const { passed, failed, skipped, expectedFailures, unexpectedPasses } = totals;
  return [passed, failed, skipped, expectedFailures, unexpectedPasses];
}

/** Keeps what the reader of a format hands over. */
export class RecordingTally extends Tally {
  readonly tests: TestCase[] = [];

  override add(test: TestCase): void {
    super.add(test);
    this.tests.push(test);
  }
}

/** Reads a report that comes in pieces of so many bytes. @throws ReportError */
export function readPieces(
  format: ReportFormat,
  text: string | Buffer,
  pieceBytes = Infinity,
): RecordingTally {
  const bytes = Buffer.from(text);
  const tally = new RecordingTally();
  readTests(format, inPieces(bytes, pieceBytes), tally);
  return tally;
}

function* inPieces(bytes: Buffer, pieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
