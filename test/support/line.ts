import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** One connection through the line: `near` is the worker's end, `far` the farm's. */
interface Connection {
  readonly near: Socket;
  readonly far: Socket;
  readonly ways: readonly [Way, Way];
}

/**
 * A line to the farm: it passes bytes on, ends nothing and understands nothing, and behaves as badly
 * as it is told to.
 */
export class Line implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: () => number;
  readonly #idleMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #isDown = false;
  #delayMs = 0;

  private constructor(target: () => number, idleMs: number) {
    this.#target = target;
    this.#idleMs = idleMs;
    this.#server = createServer((near) => this.#pass(near));
  }

  /**
   * @param target the port behind it, asked for at each connection
   * @param idleMs connections over which nothing went for so long are cut; never by default
   */
  static async start(target: () => number, idleMs = 0): Promise<Line> {
    const line = new Line(target, idleMs);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Whether anything is connected through it. */
  get isUsed(): boolean {
    return this.#connections.size > 0;
  }

  /** Both ends learn at once that the connection is gone. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Connections end, and until `up` new ones are refused. */
  down(): void {
    this.#isDown = true;
    this.cut();
  }

  up(): void {
    this.#isDown = false;
  }

  /** Spoils one byte of what comes next from one end. */
  garble(from: 'near' | 'far'): void {
    for (const { ways } of this.#connections) ways[from === 'near' ? 0 : 1].spoilNext();
  }

  /** Nothing passes on the connections that there are, and nobody is told, until `resume`. */
  stall(): void {
    for (const way of this.#ways()) way.stall(true);
  }

  resume(): void {
    for (const way of this.#ways()) way.stall(false);
  }

  /** One end is gone, and the other is never told: what that sends is swallowed. */
  halfOpen(left: 'near' | 'far'): void {
    for (const connection of this.#connections) {
      const gone = connection[left === 'near' ? 'far' : 'near'];
      this.#connections.delete(connection);
      connection[left].removeAllListeners('data').resume();
      gone.removeAllListeners('close').resetAndDestroy();
      this.#sockets.delete(gone);
    }
  }

  /** What comes from now on takes so much longer to pass. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.down();
    await closed;
  }

  *#ways(): Generator<Way> {
    for (const { ways } of this.#connections) yield* ways;
  }

  #pass(near: Socket): void {
    if (this.#isDown) {
      near.on('error', () => {}).resetAndDestroy();
      return;
    }
    const far = connect(this.#target(), '127.0.0.1');
    near.setTimeout(this.#idleMs, () => near.resetAndDestroy());
    const delay = (): number => this.#delayMs;
    const ways = [new Way(near, far, delay), new Way(far, near, delay)] as const;
    const connection = { near, far, ways };
    this.#connections.add(connection);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#connections.delete(connection);
        near.destroy();
        far.destroy();
      });
    }
  }
}

/** One direction of a connection. */
class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  /** Bytes that are held up, and until when; in order. */
  readonly #held: { readonly bytes: Buffer; readonly until: number }[] = [];
  #isStalled = false;
  #isFull = false;
  #isSpoiling = false;

  constructor(from: Socket, to: Socket, delay: () => number) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes: Buffer) => {
      if (this.#isSpoiling) spoil(bytes);
      this.#isSpoiling = false;
      this.#take(bytes, delay());
    });
    from.on('end', () => {
      if (this.#held.length === 0) to.end();
    });
    to.on('drain', () => {
      this.#isFull = false;
      this.#flow();
    });
  }

  stall(isStalled: boolean): void {
    this.#isStalled = isStalled;
    this.#flow();
  }

  spoilNext(): void {
    this.#isSpoiling = true;
  }

  #take(bytes: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.#held.length === 0) return this.#send(bytes);
    this.#held.push({ bytes, until: performance.now() + delayMs });
    if (this.#held.length === 1) this.#release();
  }

  #release(): void {
    const [first] = this.#held;
    if (first === undefined) return;
    setTimeout(
      () => {
        this.#held.shift();
        this.#send(first.bytes);
        this.#release();
      },
      Math.max(0, first.until - performance.now()),
    );
  }

  #send(bytes: Buffer): void {
    if (this.#to.destroyed) return;
    this.#isFull = !this.#to.write(bytes);
    this.#flow();
  }

  #flow(): void {
    if (this.#isStalled || this.#isFull) this.#from.pause();
    else this.#from.resume();
  }
}

function spoil(bytes: Buffer): void {
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x55;
}
