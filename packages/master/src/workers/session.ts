import type { Pause, Quarantine, WorkerFacts } from '@weir/model';
import { heartbeatMs, linkDeadMs } from '@weir/protocol';
import type { CloseReason, FarmMessage, Trust } from '@weir/protocol';
import type { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import type { WorkerRow } from '../store/workers.ts';
import { quarantineOf } from '../store/workers.ts';
import { closeLink, sendMessage } from './frames.ts';

/** What a worker says when its session begins, with its runtimes as `runtimeKey` names them. */
export interface SessionHello {
  readonly boot: string;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly hasArtifacts: boolean;
  readonly kept: Iterable<string>;
  readonly failed: Iterable<string>;
}

/** Messages are small: a worker that reads has far less before it. */
const maxUnreadBytes = 16 * 1024 * 1024;

export interface SessionContext {
  readonly now: Clock;
  /** The worker sent what no correct worker sends, and is cut off. */
  offended(session: Session, text: string): void;
}

/** One worker's live link. Who the worker is comes from here alone, never from a message. */
export class Session implements WorkerFacts {
  readonly id: number;
  readonly name: string;
  readonly boot: string;
  readonly labels: ReadonlySet<string>;
  readonly slots: number;
  trust: Trust;
  /** Until it is known, a worker on probation takes nothing but what is meant for it. */
  isProbeable = true;
  readonly online = true;
  quarantined: Quarantine | null;
  /** Free slots by the worker's last word, less the offers that it accepted since. */
  credit = 0;
  /** Offers that are being made. */
  offering = 0;
  /** Builds that it was offered, and has not answered. */
  readonly offers = new Set<number>();
  /** An admin's pause. */
  adminPause: Pause | null;
  /** Why the worker's owner has it take no builds. */
  ownerPause: string | null;
  /** Why the worker takes no builds for a while: quiet hours, or that it is leaving. */
  resting: string | null;
  diskFull: boolean;
  readonly hasArtifacts: boolean;
  /** How far its clock is ahead of ours, as it was last seen to differ. */
  clockSkewMs: number;
  readonly kept: Set<string>;
  readonly failed: Set<string>;
  heardAt: number;
  /** It counted as missing until this session. */
  readonly wasMissing: boolean;
  /** Builds that were this worker's and have ended: late words about them are no offence. */
  readonly formerBuilds = new Set<number>();
  readonly #socket: WebSocket;
  readonly #context: SessionContext;
  readonly #heartbeat: NodeJS.Timeout;
  #questions: (() => void)[] = [];
  #isWelcomed = false;

  constructor(socket: WebSocket, worker: WorkerRow, hello: SessionHello, context: SessionContext) {
    const { now } = context;
    this.#socket = socket;
    this.#context = context;
    this.id = worker.id;
    this.name = worker.name;
    this.boot = hello.boot;
    this.slots = hello.slots;
    this.trust = worker.trust;
    this.labels = new Set([...hello.labels, ...(JSON.parse(worker.granted_json) as string[])]);
    this.adminPause =
      worker.paused_by === null
        ? null
        : { by: worker.paused_by, reason: worker.paused_reason ?? '' };
    this.ownerPause = worker.owner_paused_reason;
    this.resting = worker.resting;
    this.quarantined = quarantineOf(worker);
    this.diskFull = worker.disk_full === 1;
    this.hasArtifacts = hello.hasArtifacts;
    this.clockSkewMs = worker.clock_skew_ms;
    this.wasMissing = worker.missing_at !== null;
    this.kept = new Set(hello.kept);
    this.failed = new Set(hello.failed);
    this.heardAt = now();
    // Sessions begin at different moments, so their heartbeats are spread over the clock.
    this.#heartbeat = setInterval(() => {
      if (now() - this.heardAt > linkDeadMs) this.#socket.terminate();
      else this.send({ t: 'beat', at: now() });
    }, heartbeatMs);
  }

  get free(): number {
    return Math.max(0, this.credit - this.offering - this.offers.size);
  }

  get paused(): Pause | null {
    const byOwner = this.resting ?? this.ownerPause;
    if (byOwner !== null) return { by: 'its owner', reason: byOwner };
    return this.adminPause;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Before the welcome nothing else may be said; what is dropped then, `opened` says again. */
  welcome(message: Extract<FarmMessage, { t: 'welcome' }>): void {
    this.#isWelcomed = true;
    this.send(message);
  }

  send(message: FarmMessage): void {
    if (!this.#isWelcomed) return;
    sendMessage(this.#socket, message);
    // Who never reads is let go before it fills our memory.
    if (this.#socket.bufferedAmount > maxUnreadBytes) this.#socket.terminate();
  }

  close(reason: CloseReason, text: string): void {
    closeLink(this.#socket, reason, text);
  }

  /** Closes the link for what the worker did, and has that written down. */
  refuse(reason: CloseReason, text: string): void {
    this.#context.offended(this, text);
    this.close(reason, text);
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
