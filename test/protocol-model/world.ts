import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FarmMessage } from '@weir/protocol';
import type { Command } from '../../packages/master/src/command.ts';
import { CommandError } from '../../packages/master/src/command.ts';
import { FarmInForce } from '../../packages/master/src/farm/in-force.ts';
import { openStore } from '../../packages/master/src/store/store.ts';
import type { Store } from '../../packages/master/src/store/store.ts';
import { Device } from './device.ts';
import { Facts } from './facts.ts';
import type { FakeRunner } from './fake-runner.ts';
import { FakeTime } from './fake-time.ts';
import { Judge } from './judge.ts';
import { Ledger } from './ledger.ts';
import { ModelMaster } from './model-master.ts';
import { ModelWorker } from './model-worker.ts';
import type { FakeSocket, Parcel, Wire } from './network.ts';
import type { Template } from './template.ts';
import { builder, version } from './template.ts';

const directions = ['to farm', 'to worker'] as const;
/** More turns than any command needs: something goes round in circles. */
const mostTurns = 20_000;

/** One master, its workers, and all between them; nothing moves but by a command. */
export class World implements AsyncDisposable {
  readonly time = new FakeTime();
  readonly storeDisk = new Device();
  readonly logDisk = new Device();
  readonly ledger = new Ledger();
  readonly workers: readonly ModelWorker[];
  readonly trace: string[] = [];
  readonly #template: Template;
  readonly #dir: string;
  readonly #store: Store;
  readonly #farmInForce: FarmInForce;
  readonly facts: Facts;
  readonly judge: Judge;
  readonly #failures: unknown[] = [];
  /** The farm's ends of links whose session has begun. */
  readonly #welcomed = new WeakSet<FakeSocket>();
  #master: ModelMaster | undefined;
  /** An engine that is dead has written: the one in force can't know all of it. */
  #isHaunted = false;

  static async begin(template: Template): Promise<World> {
    const dir = mkdtempSync(join(template.dir, 'run-'));
    const storePath = join(dir, 'weir.sqlite');
    copyFileSync(template.storePath, storePath);
    const store = await openStore(storePath);
    const farmInForce = new FarmInForce(store, template.farm);
    await farmInForce.apply(template.farm, version, 1);
    const world = new World(template, dir, store, farmInForce);
    await world.startMaster();
    for (const worker of world.workers) worker.start();
    await world.settle();
    return world;
  }

  private constructor(template: Template, dir: string, store: Store, farmInForce: FarmInForce) {
    this.#template = template;
    this.#dir = dir;
    this.#store = store;
    this.#farmInForce = farmInForce;
    const logDir = join(dir, 'logs');
    mkdirSync(logDir);
    this.facts = new Facts(join(dir, 'weir.sqlite'), logDir);
    const { ledger } = this;
    this.judge = new Judge({ facts: this.facts, ledger, logDir, now: this.time.clock });
    this.workers = template.workers.map(
      ({ name, slots, key }) =>
        new ModelWorker({
          name,
          slots,
          key,
          dataDir: join(dir, name),
          farmKey: template.farmKey.fingerprint,
          ledger,
          accept: (put) => this.#accept(name, put),
          dropping: (build, why) => this.#check(() => this.judge.dropped(build, why)),
          say: (message) => this.say(message),
        }),
    );
  }

  say(message: string): void {
    this.trace.push(`${(this.time.now / 1000).toFixed(1)} ${message}`);
  }

  get master(): ModelMaster | undefined {
    return this.#master?.isAlive === true ? this.#master : undefined;
  }

  runners(): FakeRunner[] {
    return this.workers.flatMap(({ runners }) => runners);
  }

  busyRunners(): FakeRunner[] {
    return this.runners().filter(({ running }) => running !== undefined);
  }

  async startMaster(): Promise<void> {
    const master = new ModelMaster({
      store: this.#store,
      farmInForce: this.#farmInForce,
      farmKey: this.#template.farmKey,
      logDir: join(this.#dir, 'logs'),
      now: this.time.clock,
      storeDisk: this.storeDisk,
      logDisk: this.logDisk,
      log: { info: () => {}, warn: (message) => this.say(`master: ${message}`) },
    });
    this.#master = master;
    master.run(
      () => master.start(),
      (error) => this.#failures.push(error),
    );
    await this.settle();
  }

  /** Of the writes under way, so many came through. */
  async killMaster(through: { units: number; logs: number }): Promise<void> {
    await this.#master?.kill(through);
    for (const { wires } of this.workers) {
      for (const wire of wires) if (wire.farm !== undefined) wire.put('to worker', { t: 'end' });
    }
    await this.settle();
  }

  /** The master's machine stops at once, and nobody tells its workers. */
  async cutPower(units: number): Promise<void> {
    await this.#master?.cutPower(units);
    this.facts.closeLogs();
    this.judge.powerWasCut();
    for (const { wires } of this.workers) {
      for (const wire of wires.filter(({ farm }) => farm !== undefined)) {
        wire.cut({ farm: false, worker: false });
      }
    }
    await this.settle();
  }

  /** A unit of an engine before this one commits behind its back. */
  async arriveLate(unit: number): Promise<void> {
    this.#isHaunted = true;
    await this.storeDisk.arrive(unit);
  }

  /** What a person asks for; that it can't be done is an answer. */
  async command(command: Command): Promise<void> {
    const { master } = this;
    const build = command.t === 'cancel' ? this.facts.build(command.build) : undefined;
    master?.run(
      async () => {
        await master.command(command);
        if (build !== undefined) this.judge.cancelled(build);
      },
      (error) => {
        if (!(error instanceof CommandError)) this.#failures.push(error);
      },
    );
    await this.settle();
  }

  /** Builds that have not ended, by what is committed. */
  openBuilds(): number[] {
    const builds = this.facts.builds();
    return builds.filter(({ state }) => state !== 'finished').map(({ id }) => id);
  }

  force(): Promise<void> {
    return this.command({ t: 'force', builder, reason: 'for the model' });
  }

  #accept(name: string, put: (parcel: Parcel) => void): FakeSocket | undefined {
    const socket = this.#master?.accept((parcel) => {
      if (parcel.t === 'frame') {
        const text = parcel.data.toString();
        this.say(`to ${name}: ${text.slice(0, 200)}`);
        const message = JSON.parse(text) as FarmMessage;
        if (message.t === 'welcome' && socket !== undefined) this.#welcomed.add(socket);
        this.#check(() => this.judge.said(message));
      }
      put(parcel);
    });
    return socket;
  }

  #check(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failures.push(error);
    }
  }

  /** Lets everything happen that can without time passing or a command. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < mostTurns; turn++) {
      await idle();
      this.raise();
      if (!(await this.#move())) return;
    }
    assert.fail('it does not come to rest');
  }

  raise(): void {
    const [failure] = this.#failures;
    if (failure !== undefined) throw failure as Error;
  }

  async #move(): Promise<boolean> {
    for (const disk of [this.storeDisk, this.logDisk]) {
      if (!disk.isSlow && disk.waits > 0) return disk.pass(disk.waits);
    }
    let hasMoved = false;
    for (const worker of this.workers) {
      worker.wires = worker.wires.filter((wire) => !wire.isDead);
      for (const wire of worker.wires) {
        if (wire.isHeld) continue;
        for (const direction of directions) {
          if (this.deliver(worker, wire, direction)) hasMoved = true;
        }
      }
    }
    return hasMoved;
  }

  deliver(worker: ModelWorker, wire: Wire, direction: (typeof directions)[number]): boolean {
    const { farm } = wire;
    const isHeard = direction === 'to farm' && farm?.isAlive === true && this.#welcomed.has(farm);
    if (isHeard && wire.onItsWay(direction) > 0) {
      this.judge.heardAt.set(worker.name, this.time.clock());
    }
    return wire.deliver(direction);
  }

  async advance(ms: number): Promise<void> {
    const until = this.time.now + ms;
    await this.settle();
    while (this.time.fireNext(until)) await this.settle();
  }

  /** Checks what must hold after every command. */
  async check(): Promise<void> {
    await this.settle();
    await this.judge.always();
    for (const { name, ended } of this.workers) assert.equal(ended, undefined, `agent of ${name}`);
    this.#memoryIsTheStore();
  }

  /** The engine's copy says what the store says, whenever no write is under way. */
  #memoryIsTheStore(): void {
    const { master } = this;
    const isBusy = this.storeDisk.waits > 0 || this.logDisk.waits > 0;
    if (master === undefined || isBusy || this.#isHaunted) return;
    const held = [...master.builds.all()].map(({ id, epoch, entries, isDetached }) => {
      return { id, epoch, entries, state: isDetached ? 'detached' : 'running' };
    });
    const stored = this.facts
      .builds()
      .filter(({ state }) => state !== 'finished')
      .map(({ id, epoch, entries, state }) => ({ id, epoch, entries, state }));
    assert.deepEqual(
      held.toSorted((a, b) => a.id - b.id),
      stored,
      'what the engine holds of open builds',
    );
  }

  /** Everything works again, and all builds that run come to their end. */
  async heal(): Promise<void> {
    this.storeDisk.isSlow = false;
    this.logDisk.isSlow = false;
    for (const wire of this.workers.flatMap(({ wires }) => wires)) {
      wire.heal();
      if (wire.blackHoles.size > 0) wire.cut({ farm: true, worker: true });
    }
    for (const runner of this.runners()) runner.thaw();
    if (this.master === undefined) await this.startMaster();
    for (const worker of this.workers) if (!worker.isRunning) worker.start();
    await this.settle();
    await this.#rest();
    for (const worker of this.facts.quarantined()) {
      await this.command({ t: 'release', worker, reason: 'it is well' });
    }
    const before = this.facts.requests().length;
    const slots = this.workers.reduce((sum, { agent }) => sum + (agent?.status.slots ?? 0), 0);
    for (let count = 0; count < slots; count++) await this.force();
    await this.advance(1_000);
    assert.equal(this.busyRunners().length, slots, 'every slot takes a build again');
    await this.#rest();
    const after = this.facts.requests().slice(before);
    assert.deepEqual(new Set(after.map(({ result }) => result)), new Set(['success']));
    await this.judge.atEnd();
    await this.check();
  }

  /** Until nothing waits or runs any more. */
  async #rest(): Promise<void> {
    for (let ms = 5_000, passed = 0; passed < 3 * 3_600_000; passed += ms) {
      for (const runner of this.busyRunners()) runner.endStep('success');
      await this.advance(ms);
      await this.check();
      const isOver = this.facts.requests().every(({ result }) => result !== null);
      const isClean = [...this.ledger.builds.values()].every(
        ({ state }) => state === 'dropped' || state === 'killed',
      );
      const isLinked = this.workers.every(({ agent }) => agent?.status.isConnected);
      if (isOver && isClean && isLinked) return;
      if (passed > 120_000) ms = 60_000;
    }
    assert.fail('it does not come to its end');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.storeDisk.isSlow = false;
      this.logDisk.isSlow = false;
      for (const worker of this.workers) {
        worker.kill({ isSilent: true });
        for (const runner of worker.runners) runner.kill();
      }
      await this.#master?.kill({ units: 0, logs: 0 });
      await idle();
    } finally {
      this.time[Symbol.dispose]();
      this.facts[Symbol.dispose]();
      await this.#store[Symbol.asyncDispose]();
      rmSync(this.#dir, { recursive: true, force: true });
    }
  }
}

/** Resolves when nothing in this process is under way: no promise, no immediate, no file. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      const isBusy = process
        .getActiveResourcesInfo()
        .some((name) => name === 'Immediate' || name.startsWith('FSReq'));
      if (isBusy) setImmediate(look);
      else resolve();
    };
    setImmediate(look);
  });
}
