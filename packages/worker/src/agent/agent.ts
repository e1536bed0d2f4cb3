import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildSpec, SandboxKind } from '@weir/protocol';
import { backOffMs } from '../link/back-off.ts';
import { LinkError, WrongFarmError } from '../link/link-error.ts';
import { Link } from '../link/link.ts';
import type { Hello, SessionMessage, Welcome } from '../link/link.ts';
import { machineFacts } from '../runner/facts.ts';
import { Runtimes } from '../workspace/runtimes.ts';
import type { AgentOptions } from './agent-options.ts';
import { watchDisk } from './disk-watch.ts';
import type { Feed } from './feed.ts';
import { detectLabels } from './labels.ts';
import { declineReason } from './policy.ts';
import { Slot } from './slot.ts';

/** Who waits to be accepted, or for a twin to go, asks again after so long. */
const waitMs = 3_000;

/**
 * The supervisor of one worker: keeps the link, gives builds to the slots' runners, and brings what
 * they do to the farm. Builds go on while the link is down.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #boot = randomUUID();
  readonly #labels = detectLabels();
  readonly #slots: Slot[];
  readonly #runtimes: Runtimes;
  readonly #offers = new Map<number, { spec: BuildSpec; epoch: number }>();
  #link: Link | null = null;
  #lastReady = '';
  #diskFull = false;
  #isDraining = false;
  #isStopped = false;
  /** Ends what the agent waits for just now: a link that comes up, or the pause after one. */
  #interrupt: () => void = () => {};

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#runtimes = new Runtimes(options.dataDir);
    const sandbox: SandboxKind = options.sandbox.kind;
    this.#slots = Array.from({ length: options.slots }, (_, index) => {
      const dir = join(options.dataDir, 'slots', String(index));
      return new Slot({
        dir,
        sandbox,
        remotes: options.remotes,
        changed: () => this.#slotChanged(),
        // The farm learns what is lost by the next hello, where the build is missing.
        lostBuild: () => this.#link?.close(),
        warn: options.say,
      });
    });
  }

  /**
   * Serves the farm until `stop`, or until it has drained.
   *
   * @throws LinkError when the farm will not have this worker, WrongFarmError when it is another farm
   */
  async run(): Promise<void> {
    mkdirSync(this.#options.dataDir, { recursive: true, mode: 0o700 });
    await Promise.all(this.#slots.map((slot) => slot.open()));
    const { dataDir, minFreeBytes, say } = this.#options;
    using _watch = await watchDisk(dataDir, minFreeBytes, (isFull) => {
      this.#diskFull = isFull;
      say(isFull ? `too little room under ${dataDir}: no builds are taken` : 'there is room again');
      this.#sayReady();
    });
    let failures = 0;
    let lastWords = '';
    try {
      while (!this.#isStopped) {
        const startedAt = performance.now();
        const error = await this.#connect();
        if (this.#isStopped) break;
        const next = error instanceof LinkError ? error.next : 'give-up';
        if (next === 'give-up') throw error;
        if (error.message !== lastWords) this.#options.say(wordsFor(error, next));
        lastWords = error.message;
        // A link that held for a while was a good one.
        failures = performance.now() - startedAt > waitMs ? 1 : failures + 1;
        await this.#pause(
          next === 'wait' ? waitMs : backOffMs(failures, this.#isBusy, Math.random),
        );
      }
    } finally {
      for (const slot of this.#slots) slot.close(true);
    }
  }

  /** Takes no more builds, finishes those that run, and ends. */
  drain(): void {
    this.#isDraining = true;
    this.#sayReady();
    this.#endIfDrained();
  }

  /** Ends now; builds end with it. */
  stop(): void {
    this.#isStopped = true;
    this.#interrupt();
  }

  get #isBusy(): boolean {
    return this.#slots.some((slot) => slot.feed !== null);
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#interrupt = resolve;
    await promise;
    clearTimeout(timer);
  }

  /** One link from beginning to end; resolves with the reason for its end. */
  async #connect(): Promise<Error> {
    const { url, name, owner, invite, key, farmKey } = this.#options;
    const link = new Link({
      url,
      name,
      owner,
      invite,
      key,
      farmKey,
      hello: () => this.#hello(),
      welcome: (opened, welcome) => this.#welcome(opened, welcome),
      message: (message) => this.#message(message),
      drained: () => this.#pumpAll(),
    });
    this.#interrupt = () => link.close();
    try {
      return await link.ended;
    } catch (error) {
      return error instanceof WrongFarmError || error instanceof LinkError
        ? error
        : new LinkError(0, String(error), { cause: error });
    } finally {
      this.#link = null;
      this.#offers.clear();
      for (const slot of this.#slots) slot.feed?.detach();
    }
  }

  #hello(): Hello {
    const { slots, sandbox } = this.#options;
    return {
      t: 'hello',
      boot: this.#boot,
      slots,
      labels: this.#labels,
      sandbox: { kind: sandbox.kind, limits: [...sandbox.limits] },
      facts: machineFacts(),
      runtimes: this.#runtimes.list(),
      builds: this.#feeds().map(({ build, epoch, entries }) => ({ build, epoch, entries })),
    };
  }

  #feeds(): Feed[] {
    return this.#slots.flatMap(({ feed }) => (feed ? [feed] : []));
  }

  #welcome(link: Link, { builds }: Welcome): void {
    this.#link = link;
    for (const answer of builds) {
      const slot = this.#slotOf(answer.build);
      if (answer.action === 'abort') slot?.abort();
      else slot?.feed?.attach(link, answer);
    }
    this.#lastReady = '';
    this.#sayReady();
    this.#options.say(`connected to ${this.#options.url}`);
  }

  #message(message: SessionMessage): void {
    switch (message.t) {
      case 'offer':
        return this.#answerOffer(message.spec, message.epoch);
      case 'start':
        return this.#start(message.build);
      case 'ack':
        this.#slotOf(message.build)?.feed?.stored(message);
        return;
      case 'rewind':
        this.#slotOf(message.build)?.feed?.rewind(message.log);
        return;
      case 'confirmed':
        this.#slotOf(message.build)?.forget();
        this.#pruneRuntimes();
        return;
      case 'abort':
        this.#slotOf(message.build)?.abort();
        // An offer that was answered too late holds no slot any more.
        if (this.#offers.delete(message.build)) this.#slotChanged();
        return;
      case 'cancel':
        this.#slotOf(message.build)?.cancel(message.reason);
        return;
      case 'drain':
        this.#options.say(`the farm asks for no more builds here: ${message.reason}`);
        return this.drain();
      case 'beat':
        return;
    }
  }

  #answerOffer(spec: BuildSpec, epoch: number): void {
    const { build } = spec;
    const busy = this.#busyReason();
    const reason = busy ?? declineReason(this.#options.policy, spec);
    if (reason !== null) {
      const cause = busy === null ? 'policy' : 'busy';
      this.#link?.send({ t: 'decline', build, epoch, cause, reason });
      return;
    }
    this.#offers.set(build, { spec, epoch });
    this.#link?.send({ t: 'accept', build, epoch });
  }

  /** Why no build can be taken just now, whichever it is. */
  #busyReason(): string | null {
    if (this.#isDraining) return 'it is leaving';
    if (this.#diskFull) return 'its disk is full';
    if (this.#freeSlots() <= this.#offers.size) return 'all its slots are taken';
    return null;
  }

  #start(build: number): void {
    const offer = this.#offers.get(build);
    const slot = this.#slots.find(({ isFree }) => isFree);
    this.#offers.delete(build);
    const link = this.#link;
    if (link === null) return;
    // The slot's runner died meanwhile: the next hello tells the farm that the build is not here.
    if (offer === undefined || slot === undefined) return link.close();
    const { spec, epoch } = offer;
    this.#options.say(`build ${spec.builder} #${spec.number}`);
    slot.run(spec, epoch).attach(link, { epoch, entries: 0, logs: [] });
  }

  /** Old runtimes make room for new ones: what is gone, the farm must not count on. */
  #pruneRuntimes(): void {
    for (const runtime of this.#runtimes.prune()) {
      this.#link?.send({ t: 'runtime-dropped', runtime });
    }
  }

  #slotOf(build: number): Slot | undefined {
    return this.#slots.find(({ feed }) => feed?.build === build);
  }

  #freeSlots(): number {
    return this.#slots.filter(({ isFree }) => isFree).length;
  }

  #slotChanged(): void {
    this.#sayReady();
    this.#endIfDrained();
  }

  /** Credit: what has changed since it was said last. */
  #sayReady(): void {
    if (this.#link === null) return;
    // What was accepted and has not started has its slot already.
    const free = this.#freeSlots() - this.#offers.size;
    const slots = this.#isDraining || this.#diskFull ? 0 : free;
    const paused = this.#isDraining ? 'it is leaving' : null;
    const ready = { t: 'ready', slots, paused, diskFull: this.#diskFull } as const;
    const said = JSON.stringify(ready);
    // A slot that was filled is known to the farm: it accepted the build's answer.
    if (said === this.#lastReady && slots === 0) return;
    this.#lastReady = said;
    this.#link.send(ready);
  }

  #endIfDrained(): void {
    if (this.#isDraining && !this.#isBusy && this.#offers.size === 0) this.stop();
  }

  #pumpAll(): void {
    for (const feed of this.#feeds()) feed.pump();
  }
}

function wordsFor(error: Error, next: 'retry' | 'wait'): string {
  return next === 'wait'
    ? `${error.message}; asking again every 3 s`
    : `${error.message}; reconnecting`;
}
