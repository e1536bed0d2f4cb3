import type { LogPiece, LogSource } from './log-source.ts';

export interface LogLine {
  /** Counted from 0. */
  readonly number: number;
  /** Where it begins, in the kept bytes. */
  readonly fromByte: number;
  /** Without the line end; as much of it as the limit allows. */
  readonly bytes: Uint8Array;
  /** There is more of it: read on from `fromByte`. */
  readonly isCut: boolean;
}

export interface LineLimits {
  /** Of one line. Default 16 KiB. */
  readonly maxLineBytes?: number;
  /** Of all lines, after which no other one begins. Default 512 KiB. */
  readonly maxBytes?: number;
}

const newline = 10;

/** Reads lines one after another; behind one that is cut, finds the next by the index. */
export async function readLines(
  source: LogSource,
  fromLine: number,
  count: number,
  { maxLineBytes = 16 * 1024, maxBytes = 512 * 1024 }: LineLimits,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const pieces = new Pieces(source);
  let at = await source.startOfLine(fromLine);
  let used = 0;
  while (lines.length < count && used < maxBytes && at < source.extent.bytes) {
    const number = fromLine + lines.length;
    const { bytes, next } = await readLine(pieces, at, maxLineBytes);
    lines.push({ number, fromByte: at, bytes, isCut: next === undefined });
    used += bytes.length;
    at = next ?? (await source.startOfLine(number + 1));
  }
  return lines;
}

/** One line, and where the next one begins when that was seen. */
async function readLine(
  pieces: Pieces,
  start: number,
  maxLineBytes: number,
): Promise<{ bytes: Uint8Array; next: number | undefined }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const bytes = await pieces.from(start + length);
    if (bytes === undefined) return { bytes: joined(parts), next: start + length };
    const end = bytes.subarray(0, maxLineBytes - length + 1).indexOf(newline);
    parts.push(bytes.subarray(0, end === -1 ? maxLineBytes - length : end));
    if (end !== -1) return { bytes: joined(parts), next: start + length + end + 1 };
    length += bytes.length;
    if (length > maxLineBytes) return { bytes: joined(parts), next: undefined };
  }
}

/** Most lines lie in one piece: those need no copy. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
}

/** Keeps the piece that was read last: most lines begin in the one that the line before them ended in. */
class Pieces {
  readonly #source: LogSource;
  #last: LogPiece | undefined;

  constructor(source: LogSource) {
    this.#source = source;
  }

  /** What there is from a byte on, without a read where possible; undefined at the end. */
  async from(byte: number): Promise<Uint8Array | undefined> {
    const known = this.#last;
    if (known !== undefined && byte >= known.fromByte) {
      const rest = known.bytes.subarray(byte - known.fromByte);
      if (rest.length > 0) return rest;
    }
    if (byte >= this.#source.extent.bytes) return undefined;
    this.#last = await this.#source.pieceAt(byte);
    return this.#last?.bytes;
  }
}
