import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type { TestList } from '@weir/model';
import {
  BadTestListError,
  decodeTestNames,
  decodeTestResults,
  maxTestNamesBytes,
  maxTestResultsBytes,
} from '@weir/protocol';
import type { StoredObject, StoredTests } from '@weir/protocol';
import type { ObjectStore } from './object-store.ts';
import { ObjectsAwayError } from './object-store.ts';
import { Turns } from './turns.ts';

const decompress = promisify(zstdDecompress);

/** A list of tests that can't be shown; its message is for people. */
export class TestListError extends Error {
  override readonly name: string = 'TestListError';
}

/** The farm does not have it. */
export class NoTestListError extends TestListError {
  override readonly name = 'NoTestListError';
}

/** Two lists of names of a million tests. */
const usualKeptBytes = 256 * 1024 * 1024;
/** About what a name takes besides its characters. */
const bytesPerName = 40;
/** So many may wait to look through a list; looking through a million tests takes seconds. */
const maxWaiting = 50;

interface KeptNames {
  readonly names: readonly string[];
  readonly bytes: number;
}

/**
 * Reads the lists of tests that workers brought. They are hostile until they are decoded: what a few
 * bytes unpack to is bounded. Names stay the same from build to build, and are kept for a while.
 */
export class TestLists {
  readonly #objects: Pick<ObjectStore, 'bytesOf' | 'read'>;
  /** By hash; those read last are at the end. */
  readonly #names = new Map<string, KeptNames>();
  readonly #maxKeptBytes: number;
  readonly #turns = new Turns(maxWaiting);

  /** @param maxKeptBytes names are kept in memory up to so many bytes, of the lists that were read last */
  constructor(objects: Pick<ObjectStore, 'bytesOf' | 'read'>, maxKeptBytes = usualKeptBytes) {
    this.#objects = objects;
    this.#maxKeptBytes = maxKeptBytes;
  }

  /**
   * Has lists read and looked through when nobody else does.
   *
   * @throws BusyError when too many wait for it already
   */
  inTurn<T>(look: () => Promise<T>): Promise<T> {
    return this.#turns.take(look);
  }

  /** @throws NoTestListError when it is not here; TestListError when it can't be read */
  async read(tests: StoredTests): Promise<TestList> {
    try {
      const results = decodeTestResults(await this.#content(tests.results, maxTestResultsBytes));
      const names = await this.#namesOf(tests.names);
      if (names.length === results.outcomes.length) return { names, results };
    } catch (error) {
      if (error instanceof ObjectsAwayError) {
        throw new TestListError(`the list of tests can't be had now: ${error.message}`, {
          cause: error,
        });
      }
      if (!(error instanceof BadTestListError)) throw error;
      throw new TestListError(`the list of tests can't be read: ${error.message}`, {
        cause: error,
      });
    }
    throw new TestListError("the list of tests can't be read: names and results are of two lists");
  }

  async #namesOf(object: StoredObject): Promise<readonly string[]> {
    const { sha256 } = object;
    const { names, bytes } = this.#names.get(sha256) ?? (await this.#readNames(object));
    this.#names.delete(sha256);
    this.#names.set(sha256, { names, bytes });
    let kept = 0;
    for (const [hash, each] of [...this.#names].toReversed()) {
      kept += each.bytes;
      if (kept > this.#maxKeptBytes) this.#names.delete(hash);
    }
    return names;
  }

  async #readNames(object: StoredObject): Promise<KeptNames> {
    const content = await this.#content(object, maxTestNamesBytes);
    const names = decodeTestNames(content);
    // What is not all Latin-1 takes two bytes a character.
    return { names, bytes: 2 * content.length + bytesPerName * names.length };
  }

  async #content({ sha256 }: StoredObject, maxOutputLength: number): Promise<Uint8Array> {
    const bytes = await this.#objects.bytesOf(sha256);
    if (bytes === undefined) throw new NoTestListError('the list of these tests is not here');
    if (bytes > maxOutputLength) throw new BadTestListError(`${bytes} bytes packed`);
    const packed = await buffer(await this.#objects.read(sha256, { from: 0, to: bytes }));
    try {
      return await decompress(packed, { maxOutputLength });
    } catch (cause) {
      throw new BadTestListError((cause as Error).message, { cause });
    }
  }
}
