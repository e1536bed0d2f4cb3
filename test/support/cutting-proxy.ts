import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A port, or the path of a Unix socket. */
type Target = number | string;

/** A TCP proxy that cuts its links when so many bytes have gone through: a bad line between two machines. */
export class CuttingProxy implements AsyncDisposable {
  /** Links cut so far. */
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #cutAt: number[];
  readonly #awayMs: number;
  #passed = 0;
  #backAt = 0;

  private constructor(target: () => Target, cutAt: readonly number[], awayMs: number) {
    this.#cutAt = [...cutAt];
    this.#awayMs = awayMs;
    this.#server = createServer((socket) => this.#pass(socket, target()));
  }

  /**
   * @param target what is behind it, asked for at each link
   * @param cutAt bytes that went through, over all links and either way, after each of which all links are cut
   * @param awayMs for so long after a cut, new links are refused
   */
  static async start(
    target: () => Target,
    cutAt: readonly number[],
    awayMs = 0,
  ): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, cutAt, awayMs);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #pass(near: Socket, target: Target): void {
    if (performance.now() < this.#backAt) {
      near.destroy();
      return;
    }
    const far =
      typeof target === 'number' ? connect(target, '127.0.0.1') : connect({ path: target });
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    this.#carry(near, far);
    this.#carry(far, near);
  }

  #carry(from: Socket, to: Socket): void {
    from.on('data', (bytes: Buffer) => {
      if (!to.write(bytes)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
      this.#passed += bytes.length;
      if (this.#passed >= (this.#cutAt[0] ?? Infinity)) {
        this.#cutAt.shift();
        this.cuts += 1;
        this.#backAt = performance.now() + this.#awayMs;
        this.#cut();
      }
    });
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
