import { closeSync, openSync, readSync } from 'node:fs';
import { listSegments, segmentPath } from './segments.ts';

export interface SpoolPiece {
  /** Where these bytes stood in what the step printed. */
  readonly offset: number;
  readonly bytes: Buffer;
  /** The bytes that were asked for were cut: this piece begins behind the cut. */
  readonly afterCut: boolean;
}

/** Reads a spool while another process writes it. Holds nothing open between reads. */
export class SpoolReader {
  readonly #dir: string;
  #starts: number[] = [];

  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * What there is from `offset` on, or from behind the cut that swallowed it; null: nothing there yet.
   *
   * @param room where the bytes go, or how many they may be
   */
  read(offset: number, room: Buffer | number): SpoolPiece | null {
    const into = typeof room === 'number' ? Buffer.allocUnsafe(room) : room;
    const known = this.#readAt(offset, offset, into);
    if (known !== null) return known;
    // The segments may have changed since they were listed: one filled up, or was dropped.
    for (;;) {
      this.#starts = listSegments(this.#dir);
      const piece = this.#readAt(offset, offset, into);
      if (piece !== null) return piece;
      const next = this.#starts.find((start) => start > offset);
      if (next === undefined) return null;
      const behindCut = this.#readAt(next, offset, into);
      if (behindCut !== null) return behindCut;
      if (listSegments(this.#dir).includes(next)) return null;
    }
  }

  #readAt(from: number, asked: number, room: Buffer): SpoolPiece | null {
    const start = this.#starts.findLast((candidate) => candidate <= from);
    if (start === undefined) return null;
    const bytes = readPart(segmentPath(this.#dir, start), from - start, room);
    return bytes.length === 0 ? null : { offset: from, bytes, afterCut: from !== asked };
  }
}

function readPart(path: string, position: number, room: Buffer): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    return room.subarray(0, readSync(file, room, 0, room.length, position));
  } finally {
    closeSync(file);
  }
}
