import type { LogAddress } from '../log-sink.ts';
import { ChunkSource } from './chunk-source.ts';
import type { LogForms, LogSource } from './log-source.ts';
import { emptyLog } from './log-source.ts';
import { openPackedFile } from './packed-file.ts';
import { PackedLogs } from './packed-source.ts';
import { packedPath } from './paths.ts';
import { ReadFiles } from './read-files.ts';
import { LogReader } from './reader.ts';

/** Logs in the folder of a log writer: in the SQLite files of their weeks, or packed. */
export class LogFiles implements LogForms {
  readonly #dir: string;
  readonly #packed = new PackedLogs();
  readonly #files: ReadFiles;

  constructor(dir: string) {
    this.#dir = dir;
    this.#files = new ReadFiles(dir);
  }

  async open({ id, file }: LogAddress): Promise<LogSource> {
    const packed = await openPackedFile(packedPath(this.#dir, id));
    if (packed !== undefined) return this.#packed.open(id, packed);
    const rows = this.#files.rows(file);
    if (rows === undefined) return emptyLog;
    return ChunkSource.open(id, () => this.#files.rows(file) ?? rows);
  }

  async objectsInUse(): Promise<ReadonlySet<string>> {
    return new Set();
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }
}

/** Reads the logs in the folder of a log writer. */
export function readLogFiles(dir: string): LogReader {
  return new LogReader(new LogFiles(dir));
}
