import type { Socket } from 'node:net';

/** A build spec with its scripts fits well below this; more without a line break is no message. */
const maxLineBytes = 32 * 1024 * 1024;

/**
 * Calls `onLine` with each parsed line of the socket. A line that is no JSON, or is too long,
 * destroys the socket with an error.
 */
export function readJsonLines(socket: Socket, onLine: (value: unknown) => void): void {
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    pending += chunk;
    if (pending.length > maxLineBytes) {
      socket.destroy(new Error('line too long'));
      return;
    }
    const lines = pending.split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      try {
        onLine(JSON.parse(line));
      } catch (error) {
        socket.destroy(error as Error);
        return;
      }
    }
  });
}

export function writeJsonLine(socket: Socket, value: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}
