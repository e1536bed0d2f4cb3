import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** One port before several of this machine: each connection goes to the next of those that take any. */
export class PortChoice implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #next = 0;

  private constructor(ports: readonly number[]) {
    // A half that ended is passed on as it is.
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      this.#keep(near);
      const first = (this.#next += 1);
      const order = ports.map((_, index) => ports[(first + index) % ports.length] ?? 0);
      this.#join(near, order);
    });
  }

  static async start(ports: readonly number[]): Promise<PortChoice> {
    const choice = new PortChoice(ports);
    choice.#server.listen(0, '127.0.0.1');
    await once(choice.#server, 'listening');
    return choice;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(near: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) {
      near.destroy();
      return;
    }
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#keep(far);
    let isConnected = false;
    far.once('connect', () => {
      isConnected = true;
      near.pipe(far);
      far.pipe(near);
      near.once('close', () => far.destroy());
    });
    far.once('close', () => {
      if (isConnected) near.destroy();
      else this.#join(near, others);
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
