import type { LogAddress } from '../log-sink.ts';
import { keptOf, printedOf } from './kept.ts';
import type { LogLine, LineLimits } from './lines.ts';
import { readLines } from './lines.ts';
import type { LogExtent, LogForms, LogPiece } from './log-source.ts';

export type { LogExtent, LogLine, LogPiece, LineLimits };

/** The cap took bytes of a running log that were just being read: begin again. */
export class LogCutError extends Error {
  override readonly name = 'LogCutError';
  readonly code = 'log-cut';
}

/**
 * Reads logs in whichever form they have, also while they are written; a writer is never waited for. Nothing tells a reader that a log grew: ask again when the engine says so.
 *
 * @example
 * for await (const bytes of reader.read(log, { fromByte: 1_000 })) response.write(bytes);
 */
export class LogReader implements Disposable {
  readonly #forms: LogForms;

  /** @param forms disposed of with the reader */
  constructor(forms: LogForms) {
    this.#forms = forms;
  }

  /** How much there is of it now. */
  async extent(log: LogAddress): Promise<LogExtent> {
    await using source = await this.#forms.open(log);
    return source.extent;
  }

  /** Kept bytes now there. */
  async size(log: LogAddress): Promise<number> {
    return (await this.extent(log)).bytes;
  }

  /**
   * The kept bytes from `fromByte` to before `toByte` (default: all that is there now), in pieces of
   * at most 256 KiB or so.
   *
   * @throws LogCutError
   */
  async *read(
    log: LogAddress,
    { fromByte = 0, toByte = Infinity }: { fromByte?: number; toByte?: number } = {},
  ): AsyncGenerator<Uint8Array, void> {
    let source = await this.#forms.open(log);
    try {
      const { extent } = source;
      const end = Math.min(toByte, extent.bytes);
      for (let at = fromByte; at < end;) {
        let piece = await source.pieceAt(at);
        if (piece === undefined) {
          // It was packed meanwhile, and its chunks are gone.
          await source[Symbol.asyncDispose]();
          source = await this.#forms.open(log);
          piece = await source.pieceAt(at);
        }
        if (piece === undefined || !isSamePart(extent, source.extent, at, end)) {
          throw new LogCutError(`log ${log.id} was cut while it was read`);
        }
        const bytes = piece.bytes.subarray(0, end - at);
        at += bytes.length;
        yield bytes;
      }
    } finally {
      await source[Symbol.asyncDispose]();
    }
  }

  /**
   * What is there now of a log from `printed` on: pieces with their place in what the step printed,
   * which stays the same while the cap moves what is kept. A place that jumps is a cut.
   */
  async *follow(
    log: LogAddress,
    printed: number,
  ): AsyncGenerator<{ printed: number; bytes: Uint8Array }, void> {
    const extent = await this.extent(log);
    let at = keptOf(extent, printed);
    try {
      for await (const bytes of this.read(log, { fromByte: at, toByte: extent.bytes })) {
        for (const part of splitAtCut(extent, at, bytes)) {
          yield { printed: printedOf(extent, at), bytes: part };
          at += part.length;
        }
      }
    } catch (error) {
      if (!(error instanceof LogCutError)) throw error;
    }
  }

  /**
   * At most `count` lines from line `fromLine` (the first is 0), without their line ends, each one
   * and all together bounded by `limits`.
   */
  async lines(
    log: LogAddress,
    fromLine: number,
    count: number,
    limits: LineLimits = {},
  ): Promise<LogLine[]> {
    await using source = await this.#forms.open(log);
    return await readLines(source, fromLine, count, limits);
  }

  /** Those of the objects, by their hashes, that hold logs. */
  objectsInUse(hashes: readonly string[]): Promise<ReadonlySet<string>> {
    return this.#forms.objectsInUse(hashes);
  }

  [Symbol.dispose](): void {
    this.#forms[Symbol.dispose]();
  }
}

/** Whether the bytes from `from` to `to` are the same ones in both: no cut moved them. */
function isSamePart(before: LogExtent, now: LogExtent, from: number, to: number): boolean {
  return [from, to - 1].every((byte) => printedOf(before, byte) === printedOf(now, byte));
}

function splitAtCut({ ranges }: LogExtent, at: number, bytes: Uint8Array): Uint8Array[] {
  const [head] = ranges;
  const headBytes = ranges.length < 2 || head === undefined ? 0 : head[1] - head[0];
  if (headBytes <= at || headBytes >= at + bytes.length) return [bytes];
  return [bytes.subarray(0, headBytes - at), bytes.subarray(headBytes - at)];
}
