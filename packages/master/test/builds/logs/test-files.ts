import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type {
  AppendAnswer,
  FinishAnswer,
  LogAddress,
  LogEnd,
} from '../../../src/builds/log-sink.ts';
import { readLogFiles } from '../../../src/builds/logs/log-files.ts';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import { log, removeFolder, temporaryFolder, Writer } from './support.ts';

/** The logs of one test, empty at first: what a log writer thread does, in this thread. */
export interface TestLogs extends AsyncDisposable {
  readonly reader: LogReader;
  capBytes: number;
  append(
    offset: number,
    bytes: Uint8Array,
    afterCut?: boolean,
    address?: LogAddress,
  ): Promise<AppendAnswer>;
  /** Appends all of it, 64 KiB at a time. */
  appendAll(offset: number, bytes: Uint8Array, address?: LogAddress): Promise<void>;
  position(): Promise<number>;
  finish(end: LogEnd, address?: LogAddress): Promise<FinishAnswer>;
  /** Another process goes on; where several may write, one that knows the logs as they once were. */
  restart(): Promise<void>;
  /** Packs what is finished. */
  pack(): Promise<void>;
  /** The chunks of `log`. */
  chunks(): Promise<{ offset: number; bytes: number }[]>;
  /** Has the disk full for chunks of one log until what is returned is called. */
  fillDisk(id: number): Promise<() => Promise<void>>;
}

/** In files. */
export class TestFiles implements TestLogs {
  readonly reader: LogReader;
  readonly #dir = temporaryFolder();
  readonly #writer: Writer;

  constructor(capBytes?: number) {
    this.#writer = new Writer(this.#dir, capBytes);
    this.reader = readLogFiles(this.#dir);
  }

  get capBytes(): number {
    return this.#writer.capBytes;
  }

  set capBytes(bytes: number) {
    this.#writer.capBytes = bytes;
  }

  append(offset: number, bytes: Uint8Array, afterCut?: boolean, address?: LogAddress) {
    return this.#writer.append(offset, bytes, afterCut, address);
  }

  appendAll(offset: number, bytes: Uint8Array, address?: LogAddress) {
    return this.#writer.appendAll(offset, bytes, address);
  }

  position() {
    return this.#writer.position();
  }

  finish(end: LogEnd, address?: LogAddress) {
    return this.#writer.finish(end, address);
  }

  async restart() {
    this.#writer.restart();
  }

  async pack() {
    this.#writer.startPacking();
    await this.#writer.packer.idle();
  }

  async chunks() {
    using db = new DatabaseSync(this.#path(), { readOnly: true });
    const rows = db.prepare('select offset, bytes from chunk where log_id = ? order by offset');
    return rows.all(log.id).map((row) => ({
      offset: Number(row['offset']),
      bytes: Number(row['bytes']),
    }));
  }

  async fillDisk(id: number) {
    const broken = new DatabaseSync(this.#path());
    broken.exec(`create trigger full before insert on chunk when new.log_id = ${id}
      begin select raise(abort, 'disk full'); end`);
    return async () => {
      broken.exec('drop trigger full');
      broken.close();
    };
  }

  #path(): string {
    return join(this.#dir, `${log.file}.sqlite`);
  }

  async [Symbol.asyncDispose]() {
    await this.#writer.packer.close();
    this.#writer.keeper.close();
    this.reader[Symbol.dispose]();
    removeFolder(this.#dir);
  }
}
