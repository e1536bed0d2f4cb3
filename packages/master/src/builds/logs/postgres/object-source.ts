import { keptBytes } from '../kept.ts';
import type { FinishRecord } from '../log-rows.ts';
import type { LogExtent, LogPiece, LogSource } from '../log-source.ts';

/** A packed log that is an object. How much there is of it its row says: the rest is fetched when it is asked for. */
export class ObjectSource implements LogSource {
  readonly extent: LogExtent;
  readonly #open: () => Promise<LogSource>;
  #source: Promise<LogSource> | undefined;

  constructor({ bytes: printed, ranges, lines }: FinishRecord, open: () => Promise<LogSource>) {
    this.extent = { printed, bytes: keptBytes(ranges), lines, ranges, isFinished: true };
    this.#open = open;
  }

  async pieceAt(fromByte: number): Promise<LogPiece | undefined> {
    return (await this.#opened()).pieceAt(fromByte);
  }

  async startOfLine(line: number): Promise<number> {
    return line <= 0 ? 0 : (await this.#opened()).startOfLine(line);
  }

  #opened(): Promise<LogSource> {
    return (this.#source ??= this.#open());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#source?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}
