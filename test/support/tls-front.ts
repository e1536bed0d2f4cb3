import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import type { SelfSigned } from './self-signed.ts';

/** What stands before a farm's worker port in life: it ends the TLS of the links, and passes on what is in them. */
export class TlsFront implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(certificate: SelfSigned, target: () => number) {
    this.#server = createServer(certificate, (near) => {
      const far = connect(target(), '127.0.0.1');
      this.#join(near, far);
    });
    // A handshake that was cut or garbled.
    this.#server.on('tlsClientError', () => {});
  }

  /** @param target the port behind it, asked for at each link */
  static async start(certificate: SelfSigned, target: () => number): Promise<TlsFront> {
    const front = new TlsFront(certificate, target);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** What ends one end ends the other. */
  #join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  }
}
