import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject, KeyPairKeyObjectResult } from 'node:crypto';
import { farmMessageSchema, signedBytes, subprotocol } from '@weir/protocol';
import type { FarmMessage, WorkerMessage } from '@weir/protocol';
import WebSocket from 'ws';

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

type Prove = Extract<WorkerMessage, { t: 'prove' }>;
type Hello = Extract<WorkerMessage, { t: 'hello' }>;

/** A worker that says just what the test wants, frame by frame. */
export class RawWorker {
  readonly name: string;
  readonly #keys: KeyPairKeyObjectResult;
  readonly #privateKey: KeyObject;
  readonly publicKey: string;
  #socket: WebSocket | undefined;
  #received: FarmMessage[] = [];
  #waiting: (() => void)[] = [];
  closed: Promise<Closed> = Promise.resolve({ code: 0, reason: '' });

  constructor(name: string, keys = generateKeyPairSync('ed25519')) {
    this.name = name;
    const { privateKey, publicKey } = keys;
    this.#keys = keys;
    this.#privateKey = privateKey;
    const der = publicKey.export({ type: 'spki', format: 'der' });
    this.publicKey = der.subarray(-32).toString('base64');
  }

  /** Another link's end, with the same name and key. */
  twin(): RawWorker {
    return new RawWorker(this.name, this.#keys);
  }

  /** Opens a link and says nothing yet. */
  open(workerPort: number, headers: Record<string, string> = {}): void {
    const socket = new WebSocket(`ws://127.0.0.1:${workerPort}/worker`, subprotocol, { headers });
    this.#received = [];
    this.#socket = socket;
    const closed = Promise.withResolvers<Closed>();
    this.closed = closed.promise;
    socket.on('error', (error) => closed.resolve({ code: 0, reason: error.message }));
    socket.on('close', (code, reason) => closed.resolve({ code, reason: reason.toString() }));
    socket.on('message', (data: Buffer) => {
      this.#received.push(farmMessageSchema.parse(JSON.parse(data.toString())));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** Opens a link, proves itself and says hello, as a good worker does. Resolves with the welcome. */
  async connect(
    workerPort: number,
    options: { prove?: Partial<Prove>; hello?: Partial<Hello> } = {},
  ): Promise<Extract<FarmMessage, { t: 'welcome' }>> {
    await this.prove(workerPort, options.prove);
    await this.next('proof');
    this.hello(options.hello);
    return this.next('welcome');
  }

  async prove(
    workerPort: number,
    changes: Partial<Prove> = {},
    headers: Record<string, string> = {},
  ): Promise<void> {
    this.open(workerPort, headers);
    const challenge = await this.next('challenge');
    const nonce = randomBytes(32).toString('base64');
    const { name } = this;
    const { versions = { min: 1, max: 1 } } = changes;
    const bytes = signedBytes('worker', {
      farm: challenge.farm,
      name,
      version: Math.min(challenge.versions.max, versions.max),
      farmNonce: challenge.nonce,
      workerNonce: nonce,
    });
    const signature = sign(null, bytes, this.#privateKey).toString('base64');
    const { publicKey: key } = this;
    this.send({
      t: 'prove',
      name,
      key,
      nonce,
      versions,
      agent: '0',
      owner: '',
      signature,
      ...changes,
    });
  }

  hello(changes: Partial<Hello> = {}): void {
    this.send({
      t: 'hello',
      boot: 'boot-1',
      slots: 1,
      labels: ['linux'],
      sandbox: { kind: 'none', limits: [] },
      facts: {},
      artifacts: true,
      runtimes: [],
      builds: [],
      ...changes,
    });
  }

  send(message: WorkerMessage): void {
    this.sendRaw(JSON.stringify(message));
  }

  sendRaw(data: string | Uint8Array): void {
    this.#socket?.send(data);
  }

  /** Resolves when the socket has taken all that was sent, or is closed. */
  async flushed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    void this.closed.then(() => resolve());
    this.#socket?.ping(undefined, undefined, () => resolve());
    await promise;
  }

  /** The next message of this type; rejects when the link closes before. */
  async next<T extends FarmMessage['t']>(type: T): Promise<Extract<FarmMessage, { t: T }>> {
    for (;;) {
      const index = this.#received.findIndex(({ t }) => t === type);
      const [found] = index < 0 ? [] : this.#received.splice(index, 1);
      if (found !== undefined) return found as Extract<FarmMessage, { t: T }>;
      const arrived = new Promise<void>((resolve) => this.#waiting.push(resolve));
      const ended = this.closed.then(({ code, reason }) => {
        throw new Error(`closed with ${code}: ${reason}`);
      });
      await Promise.race([arrived, ended]);
    }
  }

  /** Goes without a word. */
  drop(): void {
    this.#socket?.terminate();
  }
}
