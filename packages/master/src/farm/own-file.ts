import type { Farm } from '@weir/model';
import type { Log } from '../log.ts';
import type { FarmVersionRow } from '../store/farm-versions.ts';
import { filesOfVersion, newestFarmVersion, sourceOfVersion } from '../store/farm-versions.ts';
import type { Store } from '../store/store.ts';
import { RepositoryError } from '../upstream/repository-error.ts';
import { farmErrorLine, FarmFileErrors } from './farm-file-error.ts';
import { filesOf, wholeText } from './farm-files.ts';
import type { FarmOptions, FarmSource, SourceReading } from './farm-source.ts';
import type { FarmVersion } from './in-force.ts';
import { digestOf, lastRead } from './last-read.ts';
import type { FarmReading } from './read-farm-file.ts';
import { readFarmFiles } from './read-farm-file.ts';

/** A farm file to put in force. */
export interface FarmToApply {
  readonly farm: Farm;
  readonly version: FarmVersion;
}

export interface OwnFileContext {
  readonly store: Store;
  readonly source: FarmSource;
  readonly options: FarmOptions;
  /** Whose it is. */
  readonly by: string;
  readonly log: Log;
}

type GoodReading = Extract<FarmReading, { ok: true }>;

/**
 * The farm file that the master was started with. It comes into force when it is another one than
 * when it was read last: until then a version that people applied meanwhile stays.
 */
export class OwnFile {
  readonly #context: OwnFileContext;
  #broken: readonly string[] = [];
  #unreachable: string | null = null;
  #replaced: string | null = null;

  constructor(context: OwnFileContext) {
    this.#context = context;
  }

  /** It was there and without errors when it was read last. */
  get isGood(): boolean {
    return this.#broken.length === 0 && this.#unreachable === null;
  }

  /** What the pages must say about it. */
  warnings(): string[] {
    const { place } = this.#context.source;
    const stays = 'the last good one stays in force';
    return [
      ...(this.#broken.length > 0
        ? [`The farm file is broken; ${stays}. ${this.#broken.join(' ')}`]
        : []),
      ...(this.#unreachable === null
        ? []
        : [`The farm file ${place} can't be read; ${stays}: ${this.#unreachable}.`]),
      ...(this.#replaced === null ? [] : [this.#replaced]),
    ];
  }

  /**
   * What is in force when the master starts.
   *
   * @param isShared other engines may run
   *
   * @returns what the version in force means (null: there is none that can be read), and what to apply
   * @throws FarmFileErrors when the file is broken, and there is no version to go on with
   * @throws RepositoryError when its repository can't be reached, and there is no version
   */
  async start({ isShared = false } = {}): Promise<{ inForce: Farm | null; next: FarmToApply }> {
    const { source, log } = this.#context;
    const kept = await this.#kept();
    // What is followed is asked soon: a farm that was running does not wait for a network. And of
    // several engines one reads its own file, once it leads.
    if (kept !== null && (source.isFollowed || isShared)) {
      if (!source.isFollowed) await this.#foretell(kept);
      return { inForce: kept.farm, next: kept };
    }
    const own = await this.#readFirst();
    if (kept !== null) {
      const next = await this.#take(own);
      if (next === null && this.isGood) {
        log.info(`${source.place} is as it was when it was read last: the version in force stays`);
      }
      return { inForce: kept.farm, next: next ?? kept };
    }
    const { reading } = own;
    if (!reading.ok) throw new FarmFileErrors(reading.errors, reading.texts);
    return { inForce: null, next: this.#versionOf(own, reading) };
  }

  /** Reads it again: what comes into force; null when nothing does. */
  async read(): Promise<FarmToApply | null> {
    const { source, log } = this.#context;
    try {
      const own = await source.read();
      this.#unreachable = null;
      this.#replaced = null;
      return own === null ? null : await this.#take(own);
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error;
      if (this.#unreachable !== error.message) log.warn(`${source.place}: ${error.message}`);
      this.#unreachable = error.message;
      return null;
    }
  }

  /** Says what would come into force if this engine led: whoever starts it can still mend it. */
  async #foretell({ version: kept }: FarmToApply): Promise<void> {
    const { source, store, log } = this.#context;
    const own = await source.read();
    if (own === null) return;
    const { reading } = own;
    if (!reading.ok) {
      const errors = reading.errors.map(farmErrorLine).join(' ');
      log.warn(`${source.place} is broken, and is not what the farm goes by: ${errors}`);
      return;
    }
    const { digest, files } = this.#versionOf(own, reading).version;
    if (digest === (await lastRead(store.read))) return;
    if (wholeText(files) === wholeText(kept.files)) return;
    log.warn(
      `${source.place} is not the farm file in force: it comes into force when this engine leads`,
    );
  }

  async #readFirst(): Promise<SourceReading> {
    const { source } = this.#context;
    try {
      const own = await source.read();
      if (own === null) throw new Error(`${source.place} was read before the start`);
      return own;
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error;
      throw new RepositoryError(`${source.place}: ${error.message}`, { cause: error });
    }
  }

  /** The version in force; null when there is none, or this program can't read it any more. */
  async #kept(): Promise<FarmToApply | null> {
    const { store, options, source } = this.#context;
    const newest = await newestFarmVersion(store.read);
    if (newest === undefined) return null;
    const reading = await readFarmFiles(filesOfVersion(newest), options);
    if (reading.ok) return { farm: reading.farm, version: versionAgain(newest) };
    const why = reading.errors.map(farmErrorLine).join(' ');
    this.#replaced = `Version ${newest.id} of the farm file can't be read by this Weir: ${source.place} is in force in its place. ${why}`;
    return null;
  }

  async #take(own: SourceReading): Promise<FarmToApply | null> {
    const { store, log } = this.#context;
    const { reading } = own;
    this.#broken = reading.ok ? [] : reading.errors.map(farmErrorLine);
    for (const error of this.#broken) log.warn(error);
    if (!reading.ok) return null;
    const next = this.#versionOf(own, reading);
    return next.version.digest === (await lastRead(store.read)) ? null : next;
  }

  #versionOf({ source, reason }: SourceReading, { farm, texts }: GoodReading): FarmToApply {
    const { by, source: own } = this.#context;
    const files = filesOf(texts);
    const digest = digestOf(own.place, files);
    return { farm, version: { files, by, reason, source, digest } };
  }
}

/** A version that is in force already. */
function versionAgain(row: FarmVersionRow): FarmVersion {
  const { applied_by: by, reason } = row;
  return { files: filesOfVersion(row), by, reason, source: sourceOfVersion(row) };
}
