import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Range } from '@weir/protocol';
import type { LogAddress, LogEnd } from '../../../src/builds/log-sink.ts';
import { LogKeeper } from '../../../src/builds/logs/log-keeper.ts';
import { LogPacker } from '../../../src/builds/logs/log-packer.ts';
import type { LogReader } from '../../../src/builds/logs/reader.ts';

export const log: LogAddress = { id: 7, file: '2026-w47' };
export const mebibyte = 1024 * 1024;

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'weir-logs-'));
}

export function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true });
}

/** The keeper and the packer of a log writer thread, in this thread. */
export class Writer {
  readonly dir: string;
  capBytes: number;
  readonly warnings: string[] = [];
  /** Hears of a warning at once. */
  warned: () => void = () => {};
  keeper: LogKeeper;
  packer: LogPacker;

  constructor(dir: string, capBytes = 256 * mebibyte) {
    this.dir = dir;
    this.capBytes = capBytes;
    [this.keeper, this.packer] = this.#start(() => {});
  }

  /** Finished logs are packed from now on. */
  startPacking(): void {
    this.keeper.close();
    [this.keeper, this.packer] = this.#start((address) => this.packer.add(address));
    this.packer.resume();
  }

  restart(): void {
    this.keeper.close();
    [this.keeper, this.packer] = this.#start(() => {});
  }

  #start(onFinished: (address: LogAddress) => void): [LogKeeper, LogPacker] {
    const keeper = new LogKeeper(this.dir, onFinished);
    const { transactions } = keeper;
    const warn = (message: string): void => {
      this.warnings.push(message);
      this.warned();
    };
    return [keeper, new LogPacker(this.dir, { transactions, warn, retryMs: 10 })];
  }

  append(offset: number, bytes: Uint8Array, afterCut = false, address = log) {
    return this.keeper.append(address, offset, bytes, { afterCut, capBytes: this.capBytes });
  }

  /** Appends all of it, 64 KiB at a time. */
  async appendAll(offset: number, bytes: Uint8Array, address = log): Promise<void> {
    const answers = [];
    for (let at = 0; at < bytes.length; at += 65_536) {
      answers.push(this.append(offset + at, bytes.subarray(at, at + 65_536), false, address));
    }
    await Promise.all(answers);
  }

  position() {
    return this.keeper.position(log, this.capBytes);
  }

  finish(end: LogEnd, address = log) {
    return this.keeper.finish(address, end, this.capBytes);
  }
}

/** The end of a log of which all, or these ranges, were kept. */
export function endOf(printed: Uint8Array, ranges?: Range[]): LogEnd {
  const all: Range[] = printed.length === 0 ? [] : [[0, printed.length]];
  const kept = keptOf(printed, ranges ?? all);
  const sha256 = createHash('sha256').update(kept).digest('hex');
  return { bytes: printed.length, ranges: ranges ?? all, sha256 };
}

export function keptOf(printed: Uint8Array, ranges: readonly Range[]): Buffer {
  return Buffer.concat(ranges.map(([from, to]) => printed.subarray(from, to)));
}

/** What a spool of this cap keeps. */
export function rangesOf(bytes: number, capBytes: number): Range[] {
  const head = Math.floor(capBytes / 4);
  const from = Math.max(head, bytes - (capBytes - head));
  const all: Range[] =
    from > head
      ? [
          [0, head],
          [from, bytes],
        ]
      : [[0, bytes]];
  return all.filter(([start, end]) => start < end);
}

export async function readAll(
  reader: LogReader,
  address: LogAddress = log,
  part: { fromByte?: number; toByte?: number } = {},
): Promise<Buffer> {
  const pieces = [];
  for await (const bytes of reader.read(address, part)) pieces.push(bytes);
  return Buffer.concat(pieces);
}

/** Lines of growing length, as text of a known content. */
export function numberedLines(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, n) => `line ${n}\n`).join(''));
}
