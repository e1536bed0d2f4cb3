import { EventEmitter } from 'node:events';
import { Life } from './life.ts';

/** What travels on a link, each way in its order. */
export type Parcel =
  | { readonly t: 'frame'; readonly data: Buffer; readonly isBinary: boolean }
  | { readonly t: 'close'; readonly code: number; readonly reason: Buffer }
  | { readonly t: 'ping' | 'pong' | 'end' };

export type Direction = 'to farm' | 'to worker';

/** A closed link whose other end does not answer is given up after so long, as ws does. */
const closeMs = 30_000;
const brokenCode = 1006;

/** One end of a link: what the code under test uses of ws's WebSocket. */
export class FakeSocket extends EventEmitter {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readyState = 0;
  binaryType: 'nodebuffer' | 'arraybuffer' = 'nodebuffer';
  readonly #life: Life | undefined = Life.current;
  readonly #put: (parcel: Parcel) => void;
  #waiting = 0;

  constructor(put: (parcel: Parcel) => void) {
    super();
    this.#put = put;
  }

  get isAlive(): boolean {
    return this.#life?.isAlive !== false && this.readyState !== this.CLOSED;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  get bufferedAmount(): number {
    return this.#waiting;
  }

  send(data: string | Uint8Array, sent?: () => void): void {
    if (this.readyState !== this.OPEN || !this.isAlive) return;
    const bytes = Buffer.from(data as Uint8Array);
    this.#put({ t: 'frame', data: bytes, isBinary: typeof data !== 'string' });
    if (sent !== undefined) queueMicrotask(() => this.#act(sent));
  }

  ping(): void {
    if (this.readyState === this.OPEN) this.#put({ t: 'ping' });
  }

  close(code = 1005, reason: string | Buffer = ''): void {
    if (this.readyState === this.CONNECTING) return this.terminate();
    if (this.readyState !== this.OPEN || !this.isAlive) return;
    this.readyState = this.CLOSING;
    this.#put({ t: 'close', code, reason: Buffer.from(reason as Buffer) });
    setTimeout(() => this.terminate(), closeMs);
  }

  terminate(): void {
    if (!this.isAlive) return;
    this.#put({ t: 'end' });
    this.broken();
  }

  /** The connection is there. */
  opened(): void {
    this.readyState = this.OPEN;
    this.#tell('open');
  }

  /** The connection is gone, or never came to be. */
  broken(code = brokenCode, reason: Buffer = Buffer.alloc(0)): void {
    if (this.readyState === this.CLOSED) return;
    const wasConnecting = this.readyState === this.CONNECTING;
    this.readyState = this.CLOSED;
    // Whoever terminates a socket hears of its end later, not while it does so.
    queueMicrotask(() => {
      if (wasConnecting) this.#tell('error', new Error('connection refused'));
      this.#tell('close', code, reason);
    });
  }

  take(parcel: Parcel): void {
    if (!this.isAlive) return;
    switch (parcel.t) {
      case 'frame':
        return this.#takeFrame(parcel.data, parcel.isBinary);
      case 'ping':
        return this.#put({ t: 'pong' });
      case 'pong':
        return this.#tell('pong');
      case 'end':
        return this.broken();
      case 'close':
        if (this.readyState === this.OPEN) this.#put(parcel);
        return this.broken(parcel.code, parcel.reason);
    }
  }

  /** As ws does: an `arraybuffer` is the taker's own, a `nodebuffer` is written over by the next frame. */
  #takeFrame(data: Buffer, isBinary: boolean): void {
    const isOwn = isBinary && this.binaryType === 'arraybuffer';
    this.#tell('message', isOwn ? new Uint8Array(data).buffer : data, isBinary);
    data.fill(0xff);
  }

  #tell(event: string, ...values: unknown[]): void {
    this.#act(() => this.emit(event, ...values));
  }

  #act(act: () => void): void {
    if (this.#life === undefined) act();
    else this.#life.run(act);
  }
}

/** A connection reaches the farm: its socket, or none when nobody listens. */
export type Accept = (put: (parcel: Parcel) => void) => FakeSocket | undefined;

/** One connection of a worker to the farm, with all that is on its way. */
export class Wire {
  readonly worker: FakeSocket;
  farm: FakeSocket | undefined;
  /** What is sent waits until it is delivered one by one. */
  isHeld = false;
  /** What goes this way vanishes, from now on for good. */
  readonly blackHoles = new Set<Direction>();
  readonly #queues: Record<Direction, Parcel[]> = { 'to farm': [], 'to worker': [] };
  readonly #garblings = new Map<Direction, { how: 'duplicate' | 'swap'; first?: Parcel }>();
  #accept: Accept | undefined;

  constructor(accept: Accept) {
    this.#accept = accept;
    this.worker = new FakeSocket((parcel) => this.put('to farm', parcel));
  }

  get isDead(): boolean {
    return !this.worker.isAlive && this.farm?.isAlive !== true;
  }

  put(direction: Direction, parcel: Parcel): void {
    if (this.blackHoles.has(direction)) return;
    const queue = this.#queues[direction];
    const garbling = parcel.t === 'frame' ? this.#garblings.get(direction) : undefined;
    if (garbling?.how === 'swap' && garbling.first === undefined) {
      garbling.first = parcel;
      return;
    }
    queue.push(parcel);
    if (garbling === undefined) return;
    this.#garblings.delete(direction);
    // Its bytes are overwritten once they are delivered.
    if (garbling.first !== undefined) queue.push(garbling.first);
    else if (parcel.t === 'frame') queue.push({ ...parcel, data: Buffer.from(parcel.data) });
  }

  /** The next frame comes twice, or after the one that follows it. */
  garble(direction: Direction, how: 'duplicate' | 'swap'): void {
    this.#garblings.set(direction, { how });
  }

  /** Nothing is held back any more, and what follows comes as it is sent. */
  heal(): void {
    this.isHeld = false;
    for (const [direction, { first }] of this.#garblings) {
      if (first !== undefined) this.#queues[direction].push(first);
    }
    this.#garblings.clear();
  }

  /** Brings the next parcel. False when there is none. */
  deliver(direction: Direction): boolean {
    if (direction === 'to farm' && this.#accept !== undefined) return this.#connect();
    const parcel = this.#queues[direction].shift();
    if (parcel === undefined) return false;
    (direction === 'to farm' ? this.farm : this.worker)?.take(parcel);
    return true;
  }

  #connect(): boolean {
    const accept = this.#accept;
    if (accept === undefined || !this.worker.isAlive) return false;
    this.#accept = undefined;
    this.farm = accept((parcel) => this.put('to worker', parcel));
    if (this.farm === undefined) this.worker.broken();
    else this.worker.opened();
    return true;
  }

  /** The line is cut, with all that was on its way. An end that is not told finds out by itself. */
  cut(told: { farm: boolean; worker: boolean }): void {
    for (const direction of ['to farm', 'to worker'] as const) {
      this.#queues[direction] = [];
      this.blackHoles.add(direction);
    }
    if (told.worker) this.worker.broken();
    if (told.farm) this.farm?.broken();
  }

  /** Loses what is on its way, and all that follows it. */
  lose(direction: Direction): void {
    this.#queues[direction] = [];
    this.blackHoles.add(direction);
  }

  onItsWay(direction: Direction): number {
    return this.#queues[direction].length;
  }
}
