import { randomBytes } from 'node:crypto';
import {
  encodeLogFrame,
  farmMessageSchema,
  heartbeatMs,
  linkDeadMs,
  protocolVersion,
  readMessage,
  signedBytes,
} from '@weir/protocol';
import type { FarmMessage, LogFrame, WorkerMessage } from '@weir/protocol';
import WebSocket from 'ws';
import { agentVersion } from '../version.ts';
import type { Dial } from './dial.ts';
import { handshakeMs } from './dial.ts';
import { LinkError, WrongFarmError } from './link-error.ts';
import { noDoorText } from './no-door-text.ts';
import { fingerprintOf, isSignedBy } from './worker-key.ts';
import type { WorkerKey } from './worker-key.ts';

export type Welcome = Extract<FarmMessage, { t: 'welcome' }>;
export type Hello = Extract<WorkerMessage, { t: 'hello' }>;
type Challenge = Extract<FarmMessage, { t: 'challenge' }>;
/** What the farm says once the session has begun. */
export type SessionMessage = Exclude<FarmMessage, { t: 'challenge' | 'proof' | 'welcome' }>;

export interface LinkOptions {
  /** `ws://` or `wss://`, with the path. */
  readonly url: string;
  readonly dial: Dial;
  readonly name: string;
  readonly owner: string;
  readonly invite: string | undefined;
  readonly key: WorkerKey;
  /** The fingerprint of the farm's key. */
  readonly farmKey: string;
  hello(): Hello;
  /** The session began; messages follow. */
  welcome(link: Link, welcome: Welcome): void;
  message(message: SessionMessage): void;
  /** The socket takes more after it was full. */
  drained(): void;
}

/** So many bytes may wait in the socket before the feeds hold back. */
const fullBytes = 1024 * 1024;

/** One connection to the farm, from the first byte to the last. */
export class Link {
  readonly #options: LinkOptions;
  readonly #socket: WebSocket;
  readonly #nonce = randomBytes(32).toString('base64');
  readonly #ended = Promise.withResolvers<never>();
  #phase: 'challenge' | 'proof' | 'welcome' | 'session' = 'challenge';
  #challenge: Challenge | undefined;
  #deadline: NodeJS.Timeout;
  #heartbeat: NodeJS.Timeout | undefined;
  #heardAt = performance.now();
  #fault: Error | undefined;
  #isFull = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#socket = options.dial(options.url);
    const { url } = options;
    this.#deadline = setTimeout(
      () => this.#fail(new LinkError(0, `${url} does not answer`)),
      handshakeMs,
    );
    this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      this.#fail(new LinkError(0, noDoorText(url, statusCode)));
    });
    this.#socket.on('error', (error) => {
      const why = error.message || 'connection failed';
      this.#fault ??= new LinkError(0, `${url}: ${why}`, { cause: error });
    });
    this.#socket.on('close', (code, reason) => {
      clearTimeout(this.#deadline);
      clearInterval(this.#heartbeat);
      const text = reason.toString('utf8') || `the link broke (${code})`;
      this.#ended.reject(this.#fault ?? new LinkError(code, text));
    });
  }

  /** Rejects when the link has ended: with LinkError, or WrongFarmError. */
  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  /** The feeds hold back until `drained`. */
  get isFull(): boolean {
    return this.#isFull;
  }

  send(message: WorkerMessage): void {
    this.#write(JSON.stringify(message));
  }

  sendLog(frame: LogFrame): void {
    this.#write(encodeLogFrame(frame));
  }

  close(): void {
    this.#socket.close(1000);
    setTimeout(() => this.#socket.terminate(), 2_000).unref();
  }

  #write(data: string | Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(data, () => {
      if (!this.#isFull || this.#socket.bufferedAmount > fullBytes / 2) return;
      this.#isFull = false;
      this.#options.drained();
    });
    if (this.#socket.bufferedAmount > fullBytes) this.#isFull = true;
  }

  #receive(data: WebSocket.RawData, isBinary: boolean): void {
    this.#heardAt = performance.now();
    try {
      if (isBinary) throw new Error('the farm sends no binary frames');
      const text = Buffer.isBuffer(data) ? data.toString('utf8') : '';
      const read = readMessage(farmMessageSchema, JSON.parse(text));
      if (read.t === 'unknown' && this.#phase === 'session') return;
      if (read.t === 'unknown') throw new Error(`it says ${read.type}`);
      if (read.t === 'bad') throw new Error(read.why);
      this.#take(read.message);
    } catch (error) {
      if (error instanceof WrongFarmError || error instanceof LinkError) return this.#fail(error);
      const why = error instanceof Error ? error.message.slice(0, 200) : 'unreadable';
      this.#fail(new LinkError(0, `bad frame from the farm: ${why}`, { cause: error }));
    }
  }

  #take(message: FarmMessage): void {
    const { t } = message;
    if (this.#phase === 'challenge' && t === 'challenge') return this.#prove(message);
    if (this.#phase === 'proof' && t === 'proof') return this.#check(message);
    if (this.#phase === 'welcome' && t === 'welcome') return this.#begin(message);
    if (t === 'challenge' || t === 'proof' || t === 'welcome' || this.#phase !== 'session') {
      throw new LinkError(0, `bad frame from the farm: ${t} is out of order`);
    }
    this.#options.message(message);
  }

  /** The farm's key is checked before it learns anything, not even our name. */
  #prove(challenge: Challenge): void {
    this.#deadline.refresh();
    const fingerprint = fingerprintOf(Buffer.from(challenge.key, 'base64'));
    if (fingerprint !== this.#options.farmKey) {
      throw new WrongFarmError(
        `${this.#options.url} has the key ${fingerprint}, not ${this.#options.farmKey}: it is another farm, or someone between`,
      );
    }
    const version = Math.min(protocolVersion.max, challenge.versions.max);
    this.#challenge = challenge;
    this.#phase = 'proof';
    const { name, owner, invite, key } = this.#options;
    this.send({
      t: 'prove',
      name,
      key: key.publicKey,
      nonce: this.#nonce,
      versions: protocolVersion,
      agent: agentVersion,
      owner,
      ...(invite !== undefined && { invite }),
      signature: key.sign(signedBytes('worker', this.#signedFields(challenge, version))),
    });
  }

  #check({ version, signature }: Extract<FarmMessage, { t: 'proof' }>): void {
    this.#deadline.refresh();
    const challenge = this.#challenge;
    if (challenge === undefined) throw new LinkError(0, 'proof without a challenge');
    const bytes = signedBytes('farm', this.#signedFields(challenge, version));
    const key = Buffer.from(challenge.key, 'base64');
    if (!isSignedBy(key, bytes, Buffer.from(signature, 'base64'))) {
      throw new WrongFarmError(`${this.#options.url} can't prove that it holds its key`);
    }
    this.#phase = 'welcome';
    this.send(this.#options.hello());
  }

  #signedFields({ farm, nonce }: Challenge, version: number): Parameters<typeof signedBytes>[1] {
    const { name } = this.#options;
    return { farm, name, version, farmNonce: nonce, workerNonce: this.#nonce };
  }

  #begin(welcome: Welcome): void {
    clearTimeout(this.#deadline);
    this.#phase = 'session';
    this.#heartbeat = setInterval(() => {
      if (performance.now() - this.#heardAt > linkDeadMs) {
        this.#fail(new LinkError(0, 'the farm fell silent'));
      } else {
        this.send({ t: 'beat', at: Date.now() });
      }
    }, heartbeatMs);
    this.#options.welcome(this, welcome);
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#socket.terminate();
  }
}
