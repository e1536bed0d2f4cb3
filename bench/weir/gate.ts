import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * An address that accepts a worker while its master is down, and passes it on as soon as the
 * master's port opens: so the master's start is timed, and no delay before a worker's next try.
 */
export class Gate implements AsyncDisposable {
  readonly #server: Server;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  /** When the port last opened to a waiting worker, by `performance.now()`. */
  openedAt = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('connection', (worker) => this.#wait(worker));
  }

  static async open(port: number): Promise<Gate> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate(server, port);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A worker knocks, and waits. */
  async knocked(): Promise<void> {
    if (this.#sockets.size === 0) await once(this.#server, 'connection');
  }

  #wait(worker: Socket): void {
    this.#keep(worker);
    const master = connect(this.#port, '127.0.0.1');
    master.once('error', () => {
      if (!worker.destroyed) setTimeout(() => this.#wait(worker), 5);
    });
    master.once('connect', () => {
      this.openedAt = performance.now();
      this.#keep(master);
      worker.pipe(master).pipe(worker);
    });
  }

  #keep(socket: Socket): void {
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
