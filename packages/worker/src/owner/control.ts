import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** What the owner's commands ask of the agent that runs: one line of JSON, answered by one. */
export const controlRequestSchema = z.discriminatedUnion('act', [
  z.object({ act: z.literal('status') }),
  z.object({ act: z.literal('pause'), reason: z.string().min(1).max(500) }),
  z.object({ act: z.literal('resume') }),
  z.object({ act: z.literal('slots'), slots: z.number().int().min(1).max(256) }),
  z.object({ act: z.literal('leave') }),
]);
export type ControlRequest = z.infer<typeof controlRequestSchema>;

const statusSchema = z.object({
  isConnected: z.boolean(),
  words: z.string(),
  slots: z.number(),
  busy: z.number(),
  paused: z.string().nullable(),
  isLeaving: z.boolean(),
});
export type ControlStatus = z.infer<typeof statusSchema>;

const answerMs = 10_000;

function socketPath(dataDir: string): string {
  return join(dataDir, 'control.sock');
}

/**
 * Lets the owner's commands in. The folder is its owner's alone, and so is the socket.
 *
 * @throws Error when a worker runs with this folder already, or the folder's path is too long for a
 *   socket
 */
export async function openControl(
  dataDir: string,
  handle: (request: ControlRequest) => Promise<ControlStatus>,
): Promise<AsyncDisposable> {
  if ((await askAgent(dataDir, { act: 'status' })) !== undefined) {
    throw new Error(`a worker runs with ${dataDir} already`);
  }
  rmSync(socketPath(dataDir), { force: true });
  const server = createServer((socket) => {
    const lines = createInterface({ input: socket });
    // The reader of lines passes on what fails in the socket.
    for (const end of [socket, lines]) end.on('error', () => socket.destroy());
    lines.on('line', (line) => {
      answer(line, handle).then(
        (status) => socket.end(`${JSON.stringify(status)}\n`),
        () => socket.destroy(),
      );
    });
  });
  server.listen(socketPath(dataDir));
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  line: string,
  handle: (request: ControlRequest) => Promise<ControlStatus>,
): Promise<ControlStatus> {
  return handle(controlRequestSchema.parse(JSON.parse(line)));
}

/** Asks the agent that runs with this folder; undefined when none does. */
export async function askAgent(
  dataDir: string,
  request: ControlRequest,
): Promise<ControlStatus | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect(socketPath(dataDir));
  socket.setTimeout(answerMs, () => socket.destroy());
  socket.on('error', () => resolve(undefined));
  socket.on('close', () => resolve(undefined));
  createInterface({ input: socket })
    .on('line', resolve)
    .on('error', () => {});
  socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
  const line = await promise;
  socket.destroy();
  return line === undefined ? undefined : statusSchema.parse(JSON.parse(line));
}
