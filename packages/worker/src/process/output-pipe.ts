import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

export interface OutputPipe {
  /** For the child's standard output and error; close it here once the child has it. */
  readonly writeFd: number;
  readonly output: Socket;
}

/**
 * Opens the slot's named pipe, both ends. Node makes socket pairs for a child's output, which are
 * two where the order of both streams matters, and which a script can't open again as /dev/stdout.
 */
export function openOutputPipe(path: string): OutputPipe {
  if (!existsSync(path)) makePipe(path);
  // The reader comes first and without blocking, so that neither open waits for the other.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writeFd = openSync(path, constants.O_WRONLY);
    return { writeFd, output: new Socket({ fd: readFd, readable: true, writable: false }) };
  } catch (error) {
    closeSync(readFd);
    throw error;
  }
}

function makePipe(path: string): void {
  const { status, stderr, error } = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mkfifo ${path}: ${error?.message ?? stderr.trim()}`);
}
