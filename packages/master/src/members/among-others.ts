import type { RunningBuild, WorkerFacts } from '@weir/model';
import type { Kysely } from 'kysely';
import { BuildsElsewhere } from '../builds/elsewhere.ts';
import type { LiveBuilds } from '../builds/live-builds.ts';
import type { LoggedEvent } from '../events/reader.ts';
import type { Log } from '../log.ts';
import { onceLog } from '../log.ts';
import { eventBounds } from '../store/events.ts';
import { Leadership } from '../store/postgres/leadership.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { weirVersion } from '../web/version.ts';
import { workersElsewhere } from '../workers/workers-elsewhere.ts';
import type { HearContext } from './hear.ts';
import { hear } from './hear.ts';
import { Hearing } from './hearing.ts';
import { Membership } from './membership.ts';

/** After these other workers are with other engines. */
const connectionKinds = new Set(['worker.online', 'worker.offline', 'member.lost']);

export interface OthersOptions {
  /** Of the database that they share. */
  readonly databaseUrl: string;
  /** What this engine is called: a machine's name, mostly. */
  readonly name: string;
}

export interface OthersContext extends Omit<HearContext, 'elsewhere' | 'endedHere' | 'catchUp'> {
  readonly builds: LiveBuilds;
  /** This engine leads from now on, as long as `isCertain` says so or until `retire`. */
  lead(isCertain: () => boolean): Promise<void>;
  /** It leads no more. */
  retire(): Promise<void>;
}

/** An engine's place in a farm that has several: who it is, what it hears of the others, and whether it leads. */
export class AmongOthers {
  readonly membership: Membership;
  readonly #options: OthersOptions;
  readonly #store: Store;
  readonly #log: Log;
  /** The newest event before this engine read anything. */
  readonly #after: number;
  /** See `HearContext`. */
  readonly #endedHere = new Set<number>();
  #elsewhere: BuildsElsewhere | undefined;
  #workers: readonly WorkerFacts[] = [];
  #hearing: Hearing | undefined;
  #leadership: Leadership | undefined;
  #context: HearContext | undefined;

  private constructor(options: OthersOptions, place: Place, membership: Membership, after: number) {
    this.#options = options;
    this.#store = place.store;
    this.#log = place.log;
    this.membership = membership;
    this.#after = after;
  }

  static async join(options: OthersOptions, place: Place): Promise<AmongOthers> {
    const { store, log } = place;
    const { name } = options;
    const self = { role: 'engine', name, version: weirVersion } as const;
    const membership = await Membership.join({ store, log, ...self });
    const { newest } = await eventBounds(store.read);
    return new AmongOthers(options, place, membership, newest);
  }

  /** This engine's number among the members. */
  get engine(): number {
    return this.membership.id;
  }

  /** The other engines that are alive. Runs in a unit. */
  living(db: Kysely<Database>): Promise<number[]> {
    return this.membership.others(db);
  }

  /** What runs on workers of other engines. */
  running(): Iterable<RunningBuild> {
    return this.#elsewhere?.running() ?? [];
  }

  /** Reads anew what runs there. */
  async refresh(): Promise<void> {
    await this.#elsewhere?.rebuild(this.#store.read);
  }

  /** Those that other engines give builds to. */
  workers(): readonly WorkerFacts[] {
    return this.#workers;
  }

  /** This engine ended a build. */
  ended(build: number): void {
    this.#endedHere.add(build);
  }

  /** Hears the others from now on, and leads when its turn comes. */
  async start(context: OthersContext): Promise<void> {
    const { builds, effects, farmInForce } = context;
    this.#elsewhere = new BuildsElsewhere(builds, this.engine);
    this.#context = {
      ...context,
      elsewhere: this.#elsewhere,
      endedHere: this.#endedHere,
      async catchUp() {
        if (await farmInForce.catchUp()) await effects.farmChanged();
      },
    };
    await this.#elsewhere.rebuild(this.#store.read);
    await this.#readWorkers();
    // What was put in force after it was read, and before events were counted.
    await this.#context.catchUp();
    this.#hearing = new Hearing(
      { ...this.#context, hear: (events) => this.#hear(events) },
      this.#after,
    );
    this.#hearing.wake();
    const leadership: Leadership = new Leadership({
      url: this.#options.databaseUrl,
      log: onceLog(this.#log),
      lead: async () => {
        await this.membership.lead();
        await context.lead(() => leadership.isCertain);
      },
      retire: () => context.retire(),
    });
    this.#leadership = leadership;
  }

  async #hear(events: readonly LoggedEvent[]): Promise<void> {
    if (this.#context === undefined) return;
    if (events.some(({ kind }) => connectionKinds.has(kind))) {
      await this.#readWorkers();
      this.#context.dispatcher.wake();
    }
    await hear(this.#context, events);
  }

  async #readWorkers(): Promise<void> {
    this.#workers = await workersElsewhere(this.#store.read, this.engine);
  }

  /** Something may have been committed. */
  wake(): void {
    this.#hearing?.wake();
  }

  /** Makes up for what was not heard. */
  async reconcile(): Promise<void> {
    // Of one whose end was heard of before it was noted here nothing more comes.
    this.#endedHere.clear();
    await this.#context?.catchUp();
    await this.refresh();
    await this.#readWorkers();
    await this.#context?.artifacts.rebuild(this.#store.read);
    this.#context?.dispatcher.wake();
  }

  /** Leads no more, and hears no more. */
  async stop(): Promise<void> {
    await this.#leadership?.[Symbol.asyncDispose]();
    await this.#hearing?.stop();
  }

  /** It is gone: its workers may go where they like. */
  leave(): Promise<void> {
    return this.membership.leave();
  }
}

interface Place {
  readonly store: Store;
  readonly log: Log;
}
