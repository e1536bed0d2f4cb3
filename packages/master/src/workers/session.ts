import { heartbeatMs, linkDeadMs } from '@weir/protocol';
import type { CloseReason, FarmMessage } from '@weir/protocol';
import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import type { WorkerRow } from '../store/workers.ts';
import { closeLink, sendMessage } from './frames.ts';

/** One worker's live link. Who the worker is comes from here alone, never from a message. */
export class Session {
  readonly workerId: number;
  readonly worker: string;
  readonly boot: string;
  readonly labels: ReadonlySet<string>;
  readonly slots: number;
  /** Builds that may still be offered. */
  credit = 0;
  /** Why the worker's owner takes no builds just now. */
  ownerPause: string | null = null;
  diskFull = false;
  heardAt: number;
  /** Builds that were this worker's and have ended: late words about them are no offence. */
  readonly formerBuilds = new Set<number>();
  readonly #socket: WebSocket;
  readonly #heartbeat: NodeJS.Timeout;
  #questions: (() => void)[] = [];

  constructor(
    socket: WebSocket,
    worker: WorkerRow,
    hello: { boot: string; slots: number; labels: readonly string[] },
    now: Clock,
  ) {
    this.#socket = socket;
    this.workerId = worker.id;
    this.worker = worker.name;
    this.boot = hello.boot;
    this.slots = hello.slots;
    this.labels = new Set([...hello.labels, ...(JSON.parse(worker.granted_json) as string[])]);
    this.heardAt = now();
    // Sessions begin at different moments, so their heartbeats are spread over the clock.
    this.#heartbeat = setInterval(() => {
      if (now() - this.heardAt > linkDeadMs) this.#socket.terminate();
      else this.send({ t: 'beat', at: now() });
    }, heartbeatMs);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  send(message: FarmMessage): void {
    sendMessage(this.#socket, message);
  }

  close(reason: CloseReason, text: string): void {
    closeLink(this.#socket, reason, text);
  }

  /** Called for each frame, of whatever kind. */
  heard(at: number): void {
    this.heardAt = at;
    const questions = this.#questions;
    this.#questions = [];
    for (const answer of questions) answer();
  }

  /** Whether the worker still answers: any frame within `ms` counts. */
  answers(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = setTimeout(() => resolve(false), ms);
    this.#questions.push(() => {
      clearTimeout(giveUp);
      resolve(true);
    });
    // The pong is no frame of the protocol, but a sign of life all the same.
    this.#socket.once('pong', () => this.heard(this.heardAt));
    this.#socket.ping();
    return promise;
  }

  /** Stops the heartbeat of a link that is closed. */
  dispose(): void {
    clearInterval(this.#heartbeat);
  }
}
