import type { BuilderFacts, Farm } from '@weir/model';
import { buildersOf, planOf, summaryOf } from '@weir/model';
import type { FarmFiles, Plan, VersionSource } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { CommandError } from '../command.ts';
import { loadBuilder, loadBuilders } from '../dispatch/builders-in-force.ts';
import { cancelMeaningless } from '../dispatch/cancel-meaningless.ts';
import { activeBuilders, syncBuilders } from '../store/builders.ts';
import { recordEvents } from '../store/events.ts';
import type { FarmVersionRow } from '../store/farm-versions.ts';
import {
  filesOfVersion,
  insertFarmVersion,
  newestFarmVersion,
  newestFarmVersionId,
} from '../store/farm-versions.ts';
import { waitingRequests } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { underWayByBuilder } from '../store/under-way.ts';
import { syncBranches } from '../upstream/sync-branches.ts';
import { FarmFileErrors } from './farm-file-error.ts';
import { wholeText } from './farm-files.ts';
import type { FarmOptions } from './farm-source.ts';
import { rememberRead } from './last-read.ts';
import { readFarmFiles } from './read-farm-file.ts';

/** A farm file to be put in force, and where it comes from. */
export interface FarmVersion {
  readonly files: FarmFiles;
  readonly by: string;
  readonly reason: string | null;
  readonly source: VersionSource;
  /** The version that it was planned against. */
  readonly against?: number | undefined;
  /** Set for what was read from the master's own farm file. */
  readonly digest?: string;
}

export interface Applied {
  readonly version: number;
  /** False when the version in force has this very text: it stays. */
  readonly isNew: boolean;
  readonly plan: Plan;
}

/** The farm file in force and its builders: what every part of the engine goes by. */
export class FarmInForce {
  readonly #store: Store;
  readonly #others: (() => FarmOptions) | null;
  #farm: Farm | null;
  #version = 0;
  #builders = new Map<number, BuilderFacts>();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param farm what the version in force means; null when there is none, or it can't be read
   * @param others how farm files are read that other processes put in force; null: none do
   */
  constructor(store: Store, farm: Farm | null, others: (() => FarmOptions) | null = null) {
    this.#store = store;
    this.#farm = farm;
    this.#others = others;
  }

  readonly farm = (): Farm => {
    if (this.#farm === null) throw new Error('no farm file is in force');
    return this.#farm;
  };
  readonly builders = (): ReadonlyMap<number, BuilderFacts> => this.#builders;

  /** The number of the version in force; 0 before one was applied. */
  get version(): number {
    return this.#version;
  }

  /**
   * Puts a farm file in force, as one unit: builders, followed branches, the text itself. Waiting
   * requests that mean nothing under it are cancelled.
   *
   * @throws CommandError when another version is in force than it was planned against
   */
  apply(farm: Farm, version: FarmVersion, at: number): Promise<Applied> {
    return this.#next(() => this.#apply(farm, version, at));
  }

  /**
   * Takes over what another process put in force. True when it did; rejects with FarmFileErrors when
   * this program can't read it, and goes by the one before from then on.
   */
  catchUp(): Promise<boolean> {
    return this.#next(() => this.#catchUp());
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return done;
  }

  async #catchUp(): Promise<boolean> {
    if (this.#others === null) return false;
    const { read } = this.#store;
    if ((await newestFarmVersionId(read)) === this.#version) return false;
    const newest = await newestFarmVersion(read);
    if (newest === undefined) return false;
    const reading = await readFarmFiles(filesOfVersion(newest), this.#others());
    if (!reading.ok) {
      this.#version = newest.id;
      throw new FarmFileErrors(reading.errors, reading.texts);
    }
    return (await this.#goBy(reading.farm, newest.id)) || this.#catchUp();
  }

  /** False when another process put another file in force meanwhile: its builders are there. */
  async #goBy(farm: Farm, version: number): Promise<boolean> {
    const { read } = this.#store;
    try {
      // Together: the builders of one file mean nothing under another.
      this.#builders = await loadBuilders(read, farm);
    } catch (error) {
      if (this.#others !== null && (await newestFarmVersionId(read)) !== version) return false;
      throw error;
    }
    this.#farm = farm;
    this.#version = version;
    return true;
  }

  async #apply(farm: Farm, version: FarmVersion, at: number): Promise<Applied> {
    let applied: Applied | undefined;
    while (applied === undefined) {
      // A version that this program can't read is replaced all the same.
      await this.#catchUp().catch(ignoreUnreadable);
      applied = await this.#write(farm, version, at);
    }
    if (!(await this.#goBy(farm, applied.version))) {
      await this.#catchUp().catch(ignoreUnreadable);
    }
    return applied;
  }

  /** Undefined when another process was first: there is another file to plan against. */
  #write(farm: Farm, version: FarmVersion, at: number): Promise<Applied | undefined> {
    return this.#store.unit(async (db) => {
      const newest = await newestFarmVersion(db);
      if (this.#others !== null && (newest?.id ?? 0) !== this.#version) return undefined;
      checkAgainst(newest, version.against);
      const plan = planOf(this.#farm, farm, await underWayByBuilder(db));
      await syncBuilders(db, buildersOf(farm));
      await syncBranches(db, farm, at);
      await cancelWaiting(db, plan, at);
      if (version.digest !== undefined) await rememberRead(db, version.digest);
      if (newest !== undefined && wholeText(filesOfVersion(newest)) === wholeText(version.files)) {
        return { version: newest.id, isNew: false, plan };
      }
      const isPlanned = this.#farm !== null || newest === undefined;
      const summary = isPlanned ? summaryOf(plan) : null;
      const id = await insertFarmVersion(db, { ...version, at, summary });
      const { by: actor, files, reason } = version;
      const data = { name: farm.name, path: files.path, version: id, reason, summary };
      await recordEvents(db, [{ at, kind: 'farm.applied', actor, subject: 'farm', data }]);
      return { version: id, isNew: true, plan };
    });
  }

  /** Reads one builder anew: its pause, verdict, duration. */
  async refreshOne(id: number): Promise<void> {
    const farm = this.#farm;
    const known = this.#builders.get(id);
    if (known === undefined) return;
    const facts = await loadBuilder(this.#store.read, known);
    // Another farm file may have come into force meanwhile.
    if (this.#farm === farm) this.#builders.set(id, facts);
  }
}

function ignoreUnreadable(error: unknown): void {
  if (!(error instanceof FarmFileErrors)) throw error;
}

function checkAgainst(newest: FarmVersionRow | undefined, against: number | undefined): void {
  if (against === undefined || newest === undefined || newest.id === against) return;
  throw new CommandError(
    409,
    'another-version',
    `version ${newest.id}, applied by ${newest.applied_by}, is in force, not version ${against}: plan again`,
  );
}

/** What waits for builders that are gone, or for commits of a branch that is followed no more. */
async function cancelWaiting(db: Kysely<Database>, plan: Plan, at: number): Promise<void> {
  const active = new Map((await activeBuilders(db)).map(({ id, name }) => [id, name]));
  const elsewhere = new Set(
    plan.builders.flatMap(({ name, fate }) => (fate === 'cancelled' ? [name] : [])),
  );
  for (const { id, builder_id } of await waitingRequests(db)) {
    const builder = active.get(builder_id);
    if (builder === undefined) {
      await cancelMeaningless(db, id, { at, reason: 'the farm file names its builder no more' });
    } else if (elsewhere.has(builder)) {
      await cancelMeaningless(db, id, { at, reason: 'its branch is followed elsewhere' });
    }
  }
}
