import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

interface Connection {
  readonly near: Socket;
  readonly far: Socket;
  /** Bytes vanish without a word, both ways. */
  isStalled: boolean;
  isToGarble: boolean;
}

/** The wire between workers and farm: TCP that can be cut, fall silent, or change a bit. */
export class Wire implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** While true nobody gets through. */
  isDown = false;

  private constructor(target: () => number) {
    this.#server = createServer((near) => this.#pass(near, target()));
  }

  /** @param target the port behind it, asked for at each connection */
  static async start(target: () => number): Promise<Wire> {
    const wire = new Wire(target);
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cutAll(): void {
    for (const connection of this.#connections) end(connection);
  }

  cut(victim: number): void {
    const connection = this.#choose(victim);
    if (connection !== undefined) end(connection);
  }

  /** Flips one bit of what passes next. */
  garble(victim: number): void {
    const connection = this.#choose(victim);
    if (connection !== undefined) connection.isToGarble = true;
  }

  /** From now on the bytes of one connection go nowhere. The way out of it. */
  stall(victim: number): () => void {
    const connection = this.#choose(victim);
    if (connection === undefined) return () => {};
    connection.isStalled = true;
    // What was swallowed is missing: such a connection can only end.
    return () => end(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #choose(victim: number): Connection | undefined {
    const all = [...this.#connections].filter(({ isStalled }) => !isStalled);
    return all[Math.floor(victim * all.length)];
  }

  #pass(near: Socket, port: number): void {
    if (this.isDown) return void near.destroy();
    const far = connect(port, '127.0.0.1');
    const connection: Connection = { near, far, isStalled: false, isToGarble: false };
    this.#connections.add(connection);
    for (const socket of [near, far]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#connections.delete(connection);
        end(connection);
      });
    }
    carry(connection, near, far);
    carry(connection, far, near);
  }
}

function carry(connection: Connection, from: Socket, to: Socket): void {
  from.on('data', (bytes: Buffer) => {
    if (connection.isStalled) return;
    if (connection.isToGarble) {
      connection.isToGarble = false;
      const at = bytes.length - 1;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
    }
    if (to.write(bytes)) return;
    from.pause();
    to.once('drain', () => from.resume());
  });
}

function end({ near, far }: Connection): void {
  near.destroy();
  far.destroy();
}
