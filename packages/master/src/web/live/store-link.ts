import type { Command, CommandAnswer, FarmFacts } from '../../command.ts';
import type { EngineFacts } from '../../engine-facts.ts';
import { farmFactsOf, knownEngines } from '../../engine-facts.ts';
import { farEffects } from '../../far-effects.ts';
import { FarmFileErrors } from '../../farm/farm-file-error.ts';
import { FarmInForce } from '../../farm/in-force.ts';
import type { Log } from '../../log.ts';
import { refusalOf } from '../../refusal.ts';
import { runCommand } from '../../run-command.ts';
import type { EventRow } from '../../store/events.ts';
import type { Store } from '../../store/store.ts';
import { problem, refusedByEngine } from '../server/problems.ts';
import type { EngineLink, EngineListener } from './engine-link.ts';
import { inTime } from './engine-link.ts';

export interface StoreLinkOptions {
  readonly store: Store;
  /** Of the farm's key. */
  readonly fingerprint: string;
  readonly log: Log;
  /**
   * Told where the engines that are alive have their objects, as `shownObjectsPlace` writes it, when
   * that is known and when it is elsewhere. What it throws `open` throws.
   */
  readonly objectsAt?: (place: string) => void;
}

/** How the engines are, and which farm file is in force, is looked for so often. */
const everyMs = 2_000;
/** What is done by a process that has an engine, and by no other. */
const needEngine: ReadonlySet<Command['t']> = new Set(['poll', 'owner-slots', 'owner-leave']);

/**
 * The engines as the processes that share the store: a web process writes what people ask for by
 * itself, and the engines hear of it.
 */
export class StoreLink implements EngineLink, Disposable {
  readonly #options: StoreLinkOptions;
  readonly #farmInForce: FarmInForce;
  #engine: EngineFacts;
  #isAlive = false;
  /** What `objectsAt` was told last. */
  #objects: string | undefined;
  #isLooking = false;
  #farm: FarmFacts | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: StoreLinkOptions, engine: EngineFacts) {
    const { store } = options;
    this.#options = options;
    this.#engine = engine;
    this.#farmInForce = new FarmInForce(store, null, () => this.#engine.farmOptions);
  }

  /** Null when no engine has begun the farm yet. @throws FarmFileErrors when this program can't read its farm file */
  static async open(options: StoreLinkOptions): Promise<StoreLink | null> {
    const { store } = options;
    const [engine] = await knownEngines(store.read, store.now());
    if (engine === undefined) return null;
    const link = new StoreLink(options, engine.facts);
    if (!(await link.#farmInForce.catchUp())) return null;
    await link.#look();
    link.#timer = setInterval(() => void link.#lookAgain(), everyMs);
    return link;
  }

  readonly farm = (): FarmFacts => {
    this.#farm ??= this.#facts();
    return this.#farm;
  };

  async sendCommand(actor: string, command: Command): Promise<CommandAnswer> {
    if (needEngine.has(command.t)) await this.vitals();
    return inTime(this.#run(actor, command));
  }

  async vitals(): Promise<null> {
    await this.#look();
    if (this.#isAlive) return null;
    throw problem('engine-away', 'no engine of the farm is alive', {
      headers: { 'retry-after': '5' },
    });
  }

  listen(listener: EngineListener): void {
    const { store } = this.#options;
    store.onCommit = () => listener.woken();
  }

  heard(events: readonly EventRow[]): void {
    if (events.some(({ kind }) => kind === 'farm.applied')) void this.#lookAgain();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #run(actor: string, command: Command): Promise<CommandAnswer> {
    const { store, log } = this.#options;
    const context = {
      store,
      now: store.now,
      farmInForce: this.#farmInForce,
      farmOptions: this.#engine.farmOptions,
      effects: farEffects(store),
    };
    try {
      // What another server was asked for a moment ago counts.
      await this.#catchUp();
      return await runCommand(context, actor, command);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== null) throw refusedByEngine(refusal);
      log.warn(`the command ${command.t} failed: ${String(error)}`);
      throw problem('internal', 'the farm failed', { cause: error });
    } finally {
      this.#farm = undefined;
    }
  }

  async #lookAgain(): Promise<void> {
    // A store that answers slowly is not asked by several at once.
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#catchUp();
      await this.#look();
    } catch (error) {
      this.#options.log.warn(`how the farm is was not read: ${String(error)}`);
    } finally {
      this.#isLooking = false;
    }
  }

  /** A farm file that only newer programs can read leaves the one before in force here. */
  async #catchUp(): Promise<void> {
    try {
      await this.#farmInForce.catchUp();
    } catch (error) {
      if (!(error instanceof FarmFileErrors)) throw error;
      this.#options.log.warn(`the farm file in force can't be read here: ${error.message}`);
    }
  }

  async #look(): Promise<void> {
    const { store } = this.#options;
    const engines = await knownEngines(store.read, store.now());
    const alive = engines.filter(({ isAlive }) => isAlive).map(({ facts }) => facts);
    const [last] = engines;
    this.#isAlive = alive.length > 0;
    this.#engine = alive.length > 0 ? together(alive) : (last?.facts ?? this.#engine);
    this.#farm = undefined;
    // Where they had them when they were stopped says nothing: they may have been moved since.
    if (!this.#isAlive || this.#objects === this.#engine.objects) return;
    this.#objects = this.#engine.objects;
    this.#options.objectsAt?.(this.#objects);
  }

  #facts(): FarmFacts {
    const { fingerprint } = this.#options;
    const facts = farmFactsOf(this.#farmInForce, fingerprint, this.#engine);
    if (this.#isAlive) return facts;
    const dead = 'No engine of the farm is alive: what runs goes on, and nothing else begins.';
    const rules = { ...facts.rules, isEngineAlive: false };
    return { ...facts, rules, warnings: [dead, ...facts.warnings] };
  }
}

/** What several engines say: what one of them lacks the farm lacks. */
function together(engines: readonly EngineFacts[]): EngineFacts {
  const [first] = engines;
  if (first === undefined) throw new Error('there is no engine');
  const any = (textOf: (facts: EngineFacts) => string | null): string | null =>
    engines.map(textOf).find((text) => text !== null) ?? null;
  return {
    ...first,
    isMailSet: engines.some(({ isMailSet }) => isMailSet),
    shortage: any(({ shortage }) => shortage),
    heartbeat: any(({ heartbeat }) => heartbeat),
    objectsAway: any(({ objectsAway }) => objectsAway),
    warnings: [...objectsApart(engines), ...new Set(engines.flatMap(({ warnings }) => warnings))],
  };
}

/** A shared disk may have another name on each machine, but mostly something is wrong. */
function objectsApart(engines: readonly EngineFacts[]): string[] {
  const places = [...new Set(engines.map(({ objects }) => objects))];
  if (places.length < 2) return [];
  return [
    `The masters have their objects at ${places.join(' and ')}: what is brought to one of them the others must find there.`,
  ];
}
