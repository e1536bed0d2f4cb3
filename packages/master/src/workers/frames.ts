import { closeCodes, decodeLogFrame, readMessage, workerMessageSchema } from '@weir/protocol';
import type {
  CloseReason,
  FarmMessage,
  LogFrame,
  ReadMessage,
  WorkerMessage,
} from '@weir/protocol';
import type { RawData, WebSocket } from 'ws';

/** What a frame turned out to be, or why it is none. */
export type Incoming = ReadMessage<WorkerMessage> | { readonly t: 'log'; readonly frame: LogFrame };

/** Reads one frame of a worker: hostile until proved otherwise. */
export function readFrame(data: RawData, isBinary: boolean): Incoming {
  const bytes = toBytes(data);
  try {
    if (isBinary) return { t: 'log', frame: decodeLogFrame(bytes) };
    return readMessage(workerMessageSchema, JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    return {
      t: 'bad',
      why: isBinary && error instanceof Error ? error.message : 'frame is no JSON',
    };
  }
}

function toBytes(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

export function sendMessage(socket: WebSocket, message: FarmMessage): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
}

/** Closes a link with a code that programs read and a reason that people read. */
export function closeLink(socket: WebSocket, reason: CloseReason, text: string): void {
  // A close frame holds at most 123 bytes of reason.
  socket.close(
    closeCodes[reason],
    Buffer.from(text)
      .subarray(0, 120)
      .toString('utf8')
      .replace(/\uFFFD$/, ''),
  );
}
