import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { BuildSpec, SandboxKind } from '@weir/protocol';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import { runnerEventSchema } from './messages.ts';
import type { RunnerCommand, RunnerEvent } from './messages.ts';
import { slotPaths } from './paths.ts';

export interface RunOrder {
  readonly spec: BuildSpec;
  readonly epoch: number;
  /** Repository URL to the local path that serves in its place. */
  readonly remotes: Record<string, string>;
  readonly sandbox: SandboxKind;
  /** The farm's web address. */
  readonly farm: string;
}

/** The agent's end of a runner's socket. Commands are answered by `state` events. */
export class RunnerClient {
  readonly #socket: Socket;
  /** Resolves when the socket is closed, by either end. */
  readonly closed: Promise<void>;

  constructor(socket: Socket, onEvent: (event: RunnerEvent) => void) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
    // An error is followed by `close`, which is what the agent acts upon.
    socket.on('error', () => {});
    readJsonLines(socket, (value) => onEvent(runnerEventSchema.parse(value)));
  }

  run(order: RunOrder): void {
    this.#send({ t: 'run', ...order });
  }

  cancel(reason: string): void {
    this.#send({ t: 'cancel', reason });
  }

  abort(): void {
    this.#send({ t: 'abort' });
  }

  forget(): void {
    this.#send({ t: 'forget' });
  }

  /** Ends the runner's process; a build that still runs ends with it. */
  exit(): void {
    this.#send({ t: 'exit' });
  }

  close(): void {
    this.#socket.end();
  }

  #send(command: RunnerCommand): void {
    writeJsonLine(this.#socket, command);
  }
}

/**
 * Finds the runner of a slot by its socket. The first event is its state.
 *
 * @throws Error `ENOENT` or `ECONNREFUSED` when none runs there.
 */
export async function connectRunner(
  slotDir: string,
  onEvent: (event: RunnerEvent) => void,
): Promise<RunnerClient> {
  const socket = connect(slotPaths(slotDir).socket);
  await once(socket, 'connect');
  return new RunnerClient(socket, onEvent);
}
