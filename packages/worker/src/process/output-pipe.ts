import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { StepOutput } from './contract.ts';

export interface OutputPipe {
  /** For the child's standard output and error; close it here once the child has it. */
  readonly writeFd: number;
  readonly output: StepOutput;
}

/**
 * For all pipes: what is read is taken before the next read. With a buffer for each read V8 collects
 * its garbage every few megabytes of output.
 */
const buffer = Buffer.allocUnsafeSlow(64 * 1024);

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
    return { writeFd, output: new PipeOutput(readFd) };
  } catch (error) {
    closeSync(readFd);
    throw error;
  }
}

function makePipe(path: string): void {
  const { status, stderr, error } = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mkfifo ${path}: ${error?.message ?? stderr.trim()}`);
}

class PipeOutput implements StepOutput {
  readonly #socket: Socket;
  readonly ended: Promise<void>;
  #onChunk: (chunk: Uint8Array) => void = () => {};

  constructor(fd: number) {
    const callback = (length: number): boolean => {
      this.#onChunk(buffer.subarray(0, length));
      return true;
    };
    this.#socket = new Socket({
      fd,
      readable: true,
      writable: false,
      onread: { buffer, callback },
    });
    this.#socket.pause();
    this.ended = new Promise((resolve, reject) => {
      this.#socket.once('end', resolve).once('error', reject);
    });
    // A step that could not be begun has nobody who waits for it.
    this.ended.catch(() => {});
  }

  read(onChunk: (chunk: Uint8Array) => void): void {
    this.#onChunk = onChunk;
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
