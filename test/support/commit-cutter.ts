import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A proxy in front of a PostgreSQL server which cuts the link where the server answers a commit. */
export class CommitCutter implements AsyncDisposable {
  /** So many of the next answers to a commit get lost. */
  toCut = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(path: string) {
    this.#server = createServer((near) => {
      const far = connect(path);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          near.destroy();
          far.destroy();
          this.#sockets.delete(socket);
        });
      }
      near.pipe(far);
      far.on('data', (answer) => {
        if (this.toCut > 0 && answer.includes('COMMIT\0')) {
          this.toCut -= 1;
          far.destroy();
        } else near.write(answer);
      });
    });
  }

  /** @param path of the server's Unix socket */
  static async start(path: string): Promise<CommitCutter> {
    const cutter = new CommitCutter(path);
    cutter.#server.listen(0, '127.0.0.1');
    await once(cutter.#server, 'listening');
    return cutter;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
