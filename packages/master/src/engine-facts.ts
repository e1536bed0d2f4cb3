import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { FarmFacts } from './command.ts';
import type { FarmInForce } from './farm/in-force.ts';
import type { Log } from './log.ts';
import type { Database } from './store/schema.ts';
import { dropSetting, putSetting, settingsLike } from './store/settings.ts';
import type { Store } from './store/store.ts';
import { farmRulesOf } from './web/farm-rules.ts';

const textOrNull = z.string().nullable();
const remotesSchema = z
  .array(z.tuple([z.string(), z.string()]))
  .transform((remotes): ReadonlyMap<string, string> => new Map(remotes));
const engineFactsSchema = z.object({
  workerPort: z.int(),
  farmRepository: z.object({ url: z.string(), branch: z.string() }).nullable(),
  farmOptions: z.object({ remotes: remotesSchema, base: z.string() }),
  isMailSet: z.boolean(),
  /** As `shownObjectsPlace` writes it. */
  objects: z.string(),
  shortage: textOrNull,
  heartbeat: textOrNull,
  objectsAway: textOrNull,
  warnings: z.array(z.string()),
});
const rowSchema = z.object({ heardAt: z.number(), facts: engineFactsSchema });

/** What an engine knows of itself, and nobody else can find out. */
export type EngineFacts = Readonly<z.output<typeof engineFactsSchema>>;

/** One engine by its last word. */
export interface KnownEngine {
  readonly isAlive: boolean;
  readonly facts: EngineFacts;
}

const prefix = 'engine/';
const everyMs = 3_000;
/** An engine that was silent for so long counts as dead. */
const aliveMs = 10_000;
/** Its row is dropped by the next engine that begins. */
const forgottenMs = 60_000;

/** All that pages must know of the farm, from what is in force and what an engine says. */
export function farmFactsOf(
  farmInForce: Pick<FarmInForce, 'farm' | 'version'>,
  fingerprint: string,
  engine: EngineFacts,
): FarmFacts {
  const farm = farmInForce.farm();
  return {
    ...engine,
    name: farm.name,
    publicUrl: farm.publicUrl,
    workerUrl: farm.workerUrl,
    fingerprint,
    version: farmInForce.version,
    rules: farmRulesOf(farm, engine.shortage !== null),
    file: farm,
  };
}

/** Keeps what an engine says of itself in the store, for web processes, for as long as it lives. */
export class ToldFacts implements AsyncDisposable {
  readonly #store: Store;
  readonly #log: Log;
  readonly #facts: () => EngineFacts;
  readonly #name = `${prefix}${crypto.randomUUID()}`;
  readonly #timer: NodeJS.Timeout;
  #isDue = false;
  #written: Promise<void> = Promise.resolve();

  constructor(store: Store, facts: () => EngineFacts, log: Log) {
    this.#store = store;
    this.#log = log;
    this.#facts = facts;
    this.#timer = setInterval(() => this.changed(), everyMs).unref();
    this.changed();
    // Not before: how the farm was last is known at any time.
    this.#write(() => this.#dropForgotten());
  }

  /** They are told anew, once for all that waits while the store is away. */
  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#write(() => {
      this.#isDue = false;
      return this.#tell();
    });
  }

  /** Resolves when all is told that was to be told. */
  get written(): Promise<void> {
    return this.#written;
  }

  /** The engine is no more; what it said last stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#write(() => this.#tell(0));
    await this.#written;
  }

  #write(act: () => Promise<void>): void {
    this.#written = this.#written
      .then(act)
      .catch((error: unknown) =>
        this.#log.warn(`other processes don't hear how this engine is: ${String(error)}`),
      );
  }

  #tell(heardAt = this.#store.now()): Promise<void> {
    const { farmOptions, ...facts } = this.#facts();
    const remotes = [...farmOptions.remotes];
    const row = { heardAt, facts: { ...facts, farmOptions: { ...farmOptions, remotes } } };
    return this.#store.unit((db) => putSetting(db, this.#name, JSON.stringify(row)), {
      isGuarded: true,
    });
  }

  async #dropForgotten(): Promise<void> {
    const before = this.#store.now() - forgottenMs;
    const rows = await settingsLike(this.#store.read, prefix);
    for (const { name, value } of rows) {
      if ((readRow(value)?.heardAt ?? 0) > before) continue;
      await this.#store.unit((db) => dropSetting(db, name), { isGuarded: true });
    }
  }
}

/** The engines of a farm, those heard last first; the dead ones, too. */
export async function knownEngines(db: Kysely<Database>, now: number): Promise<KnownEngine[]> {
  const rows = await settingsLike(db, prefix);
  return rows
    .flatMap(({ value }) => readRow(value) ?? [])
    .toSorted((a, b) => b.heardAt - a.heardAt)
    .map(({ heardAt, facts }) => ({ isAlive: now - heardAt < aliveMs, facts }));
}

/** Undefined for what another version of this program wrote. */
function readRow(value: string): z.output<typeof rowSchema> | undefined {
  return rowSchema.safeParse(JSON.parse(value)).data;
}
