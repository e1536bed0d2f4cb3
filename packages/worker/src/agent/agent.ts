import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { SandboxKind } from '@weir/protocol';
import { LinkError, WrongFarmError } from '../link/link-error.ts';
import { Link } from '../link/link.ts';
import type { Hello, SessionMessage, Welcome } from '../link/link.ts';
import { slotDir, usedSlots } from '../runner/paths.ts';
import { Runtimes } from '../workspace/runtimes.ts';
import type { AgentOptions, AgentStatus } from './agent-options.ts';
import { watchDisk } from './disk-watch.ts';
import { Intake } from './intake.ts';
import { OwnerPause } from './owner-pause.ts';
import { watchQuietHours } from './quiet-watch.ts';
import { RuntimePruner } from './runtime-pruner.ts';
import { Slot } from './slot.ts';
import { Slots } from './slots.ts';
import { stayLinked } from './stay-linked.ts';

/**
 * The supervisor of one worker: keeps the link, gives builds to the slots' runners, and brings what
 * they do to the farm. Builds go on while the link is down.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #boot = randomUUID();
  readonly #slots: Slots;
  readonly #runtimes: Runtimes;
  readonly #pruner: RuntimePruner;
  #link: Link | null = null;
  readonly #pause: OwnerPause;
  readonly #intake: Intake;
  #words = 'not connected yet';
  /** The owner took the worker away: the farm is told so at the end. */
  #isLeaving = false;
  /** It is known which builds are here. */
  #hasOpened = false;
  #isStopped = false;
  #isHandedOver = false;
  /**
   * Has the farm hear another hello, whatever the agent is at: ends a link, one that comes up too
   * (its hello may be said already), or the pause after one.
   */
  #interrupt: () => void = () => {};

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#runtimes = new Runtimes(options.dataDir);
    const sandbox: SandboxKind = options.sandbox.kind;
    this.#pause = new OwnerPause(options);
    this.#slots = new Slots(options.slots, (index) => {
      const dir = slotDir(options.dataDir, index);
      return new Slot({
        dir,
        sandbox,
        remotes: options.remotes,
        farm: options.farm,
        findRunner: options.findRunner,
        changed: () => this.#slotChanged(),
        relink: () => this.#interrupt(),
        say: options.say,
      });
    });
    const { policy, say } = options;
    this.#pruner = new RuntimePruner({
      runtimes: this.#runtimes,
      maxBytes: options.runtimeBytes,
      tell: () => {
        const link = this.#link;
        return link && ((runtime) => link.send({ t: 'runtime-dropped', runtime }));
      },
      say,
    });
    this.#intake = new Intake({ slots: this.#slots, pause: this.#pause, policy, say });
  }

  /**
   * Serves the farm until `stop`, or until it has drained.
   *
   * @throws LinkError when the farm will not have this worker, WrongFarmError when it is another farm
   */
  async run(): Promise<void> {
    mkdirSync(this.#options.dataDir, { recursive: true, mode: 0o700 });
    await this.#slots.open(usedSlots(this.#options.dataDir));
    this.#hasOpened = true;
    this.#endIfDrained();
    const { dataDir, minFreeBytes, say } = this.#options;
    using _watch = await watchDisk(dataDir, minFreeBytes, (isFull) => {
      this.#intake.isDiskFull = isFull;
      say(isFull ? `too little room under ${dataDir}: no builds are taken` : 'there is room again');
      this.#intake.sayReady();
    });
    using _hours = watchQuietHours(this.#options.quietHours, (resting) => {
      this.#intake.resting = resting;
      say(resting ?? 'quiet hours are over');
      this.#intake.sayReady();
    });
    try {
      await stayLinked({
        connect: () => this.#connect(),
        pause: (ms) => this.#wait(ms),
        isBusy: () => this.#isBusy,
        isStopped: () => this.#isStopped,
        lost: (words) => {
          if (words !== this.#words) say(words);
          this.#words = words;
        },
      });
    } finally {
      this.#pruner[Symbol.dispose]();
      this.#slots.close({ endRunners: !this.#isHandedOver });
    }
  }

  /** Takes no more builds, finishes those that run, and ends. */
  drain(): void {
    this.#intake.isDraining = true;
    this.#intake.sayReady();
    this.#endIfDrained();
  }

  /** The owner takes the worker away: as `drain`, and the farm does not expect it back. */
  leave(): void {
    this.#isLeaving = true;
    this.drain();
  }

  /** On this machine, the owner has it take no builds, or with null takes that back. */
  pause(reason: string | null): void {
    this.#pause.setHere(reason);
    this.#link?.send({ t: 'owner', pause: reason });
    this.#intake.sayReady();
  }

  /** The owner gives more slots, or fewer. The farm learns it by another hello. */
  async resize(slots: number): Promise<void> {
    await this.#slots.resize(slots);
    this.#options.keep({ slots });
    this.#options.say(`slots ${slots}`);
    this.#interrupt();
  }

  get status(): AgentStatus {
    return {
      isConnected: this.#link !== null,
      words: this.#words,
      slots: this.#slots.count,
      busy: this.#slots.busy,
      paused: this.#pause.reason ?? this.#intake.resting,
      isLeaving: this.#intake.isDraining,
    };
  }

  /** Ends now, and builds that run end with it: the farm hears of it, and gives them to others. */
  stop(): void {
    for (const { build, epoch } of this.#slots.running()) {
      this.#link?.send({ t: 'lost', build, epoch, reason: 'its agent was ended' });
    }
    this.#end();
  }

  /** Ends now, and leaves builds to their runners: the next agent on this folder finds them there. */
  handOver(): void {
    this.#isHandedOver = true;
    this.#end();
  }

  get isHandedOver(): boolean {
    return this.#isHandedOver;
  }

  #end(): void {
    this.#isStopped = true;
    this.#interrupt();
  }

  get #isBusy(): boolean {
    return this.#slots.busy > 0;
  }

  async #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#interrupt = resolve;
    await promise;
    clearTimeout(timer);
  }

  /** One link from beginning to end; resolves with the reason for its end. */
  async #connect(): Promise<Error> {
    await this.#slots.known();
    const { url, dial, name, owner, invite, key, farmKey } = this.#options;
    const link = new Link({
      url,
      dial,
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
      this.#intake.open(null);
      for (const feed of this.#slots.feeds()) feed.detach();
    }
  }

  #hello(): Hello {
    const { labels, facts, sandbox } = this.#options;
    return {
      t: 'hello',
      boot: this.#boot,
      slots: this.#slots.count,
      ...this.#pause.hello(),
      labels: [...labels],
      sandbox: { kind: sandbox.kind, limits: [...sandbox.limits] },
      facts: { ...facts },
      at: Date.now(),
      artifacts: true,
      runtimes: this.#runtimes.list(),
      builds: this.#slots.feeds().map(({ build, epoch, entries }) => ({ build, epoch, entries })),
    };
  }

  #welcome(link: Link, { builds, ownerPause }: Welcome): void {
    this.#link = link;
    this.#words = `connected to ${this.#options.url}`;
    for (const answer of builds) {
      const slot = this.#slots.of(answer.build);
      if (answer.action === 'abort') slot?.abort();
      else slot?.feed?.attach(link, answer);
      if (answer.action === 'upload-only') slot?.end();
    }
    if (this.#pause.welcome(ownerPause)) link.send({ t: 'owner', pause: this.#pause.reason });
    this.#intake.open(link);
    this.#intake.sayReady();
    // Said last: whoever reads it may count on the farm having heard all of that.
    this.#options.say(this.#words);
  }

  #message(message: SessionMessage): void {
    switch (message.t) {
      case 'offer':
        return this.#intake.answer(message.spec, message.epoch);
      case 'start':
        return this.#intake.start(message.build);
      case 'ack':
        this.#slots.of(message.build)?.feed?.stored(message);
        return;
      case 'rewind':
        this.#slots.of(message.build)?.feed?.rewind(message.log);
        return;
      case 'confirmed':
        this.#slots.of(message.build)?.forget();
        this.#pruner.soon();
        return;
      case 'abort':
        this.#slots.of(message.build)?.abort();
        // An offer that was answered too late holds no slot any more.
        if (this.#intake.drop(message.build)) this.#slotChanged();
        return;
      case 'cancel':
        this.#slots.of(message.build)?.cancel(message.reason);
        return;
      case 'owner':
        if (message.pause !== undefined) this.#pause.setByFarm(message.pause);
        this.#intake.sayReady();
        if (message.slots !== undefined) void this.#resizeAsAsked(message.slots);
        return;
      case 'leave':
        this.#options.say('its owner takes it away: finishing what runs, then leaving');
        return this.leave();
      case 'drain':
        this.#options.say(`the farm asks for no more builds here: ${message.reason}`);
        return this.drain();
      case 'beat':
        return;
    }
  }

  #slotChanged(): void {
    this.#slots.closeUnwanted();
    this.#intake.sayReady();
    this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (!this.#hasOpened || !this.#intake.isDraining || !this.#intake.isIdle) return;
    if (this.#isLeaving) this.#link?.send({ t: 'left' });
    this.#end();
  }

  async #resizeAsAsked(slots: number): Promise<void> {
    try {
      await this.resize(slots);
    } catch (error) {
      this.#options.say(`no ${slots} slots: ${String(error)}`);
    }
  }

  #pumpAll(): void {
    for (const feed of this.#slots.feeds()) feed.pump();
  }
}
