import { maxChunkBytes } from './limits.ts';

/** One piece of a log on its way to the farm. */
export interface LogFrame {
  readonly build: number;
  readonly epoch: number;
  readonly step: number;
  /** Counts the frames of this log on this link, from 0. */
  readonly sequence: number;
  /** Where these bytes stood in what the step printed. */
  readonly offset: number;
  /** The bytes before `offset` were cut by the log's cap: this frame may lie beyond the last one's end. */
  readonly afterCut: boolean;
  readonly bytes: Uint8Array;
}

export class BadLogFrameError extends Error {
  override readonly name = 'BadLogFrameError';
  readonly code = 'bad-log-frame';
}

/**
 * Layout, big-endian: kind u8 (1), flags u8 (bit 0: after a cut), step u16, epoch u32, build u64,
 * sequence u32, offset u64, then the bytes.
 */
const headerBytes = 28;
const kindLog = 1;

export function encodeLogFrame(frame: LogFrame): Uint8Array {
  const out = new Uint8Array(headerBytes + frame.bytes.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, kindLog);
  view.setUint8(1, frame.afterCut ? 1 : 0);
  view.setUint16(2, frame.step);
  view.setUint32(4, frame.epoch);
  view.setBigUint64(8, BigInt(frame.build));
  view.setUint32(16, frame.sequence);
  view.setBigUint64(20, BigInt(frame.offset));
  out.set(frame.bytes, headerBytes);
  return out;
}

/** @throws BadLogFrameError when the bytes are no log frame, or one of no or too many bytes. */
export function decodeLogFrame(data: Uint8Array): LogFrame {
  if (data.length <= headerBytes) throw new BadLogFrameError('binary frame is too short');
  if (data.length > headerBytes + maxChunkBytes) {
    throw new BadLogFrameError(`log frame carries more than ${maxChunkBytes} bytes`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint8(0) !== kindLog) throw new BadLogFrameError('binary frame is of unknown kind');
  return {
    build: safeInteger(view.getBigUint64(8), 'build'),
    epoch: view.getUint32(4),
    step: view.getUint16(2),
    sequence: view.getUint32(16),
    offset: safeInteger(view.getBigUint64(20), 'offset'),
    afterCut: (view.getUint8(1) & 1) === 1,
    bytes: data.subarray(headerBytes),
  };
}

function safeInteger(value: bigint, field: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new BadLogFrameError(`${field} is out of range`);
  return number;
}
