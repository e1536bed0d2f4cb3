import type { Readable } from 'node:stream';
import type { Look } from './look.ts';

/** Where the objects are can't be asked just now: that says nothing about any object. */
export class ObjectsAwayError extends Error {
  override readonly name: string = 'ObjectsAwayError';
}

/** Where the objects are was asked, and does not have one that the farm keeps. It may be elsewhere: nothing is taken for lost. */
export class ObjectMissingError extends ObjectsAwayError {
  override readonly name = 'ObjectMissingError';

  constructor(sha256: string, options?: ErrorOptions) {
    super(
      `it is not where the objects are: were they moved, or did an engine have another --objects? Its SHA-256 is ${sha256}`,
      options,
    );
  }
}

/** A piece of the list of what is old. */
export interface ObjectPage {
  readonly hashes: readonly string[];
  /** Asks for what follows; null: that was all. */
  readonly next: string | null;
}

/**
 * Objects by the SHA-256 of their bytes. Whatever has the name of a hash is whole: it comes here
 * only once its bytes were checked. All of it throws ObjectsAwayError when there is no answer.
 */
export interface ObjectStore {
  /** The size of an object, in bytes; undefined when it is not here. */
  bytesOf(sha256: string): Promise<number | undefined>;
  /** Whether its bytes are packed: most are, but for what is read as it is. */
  isZstd(sha256: string): Promise<boolean>;
  /** The bytes from `from`, and up to but not including `to`. */
  read(sha256: string, range: { from: number; to: number }): Promise<Readable>;
  /** Keeps an object from being swept for another while: somebody is about to refer to it. */
  touch(sha256: string): Promise<void>;
  /** Takes a file whose hash was checked, for good. The file is gone then, and only then. */
  take(sha256: string, file: string): Promise<void>;
  /** Reads a whole object. */
  look(sha256: string): Promise<Look>;
  /** Removes what was found to be damaged, unless another has its name by now. */
  removeDamaged(sha256: string, version: string): Promise<void>;
  /** A page of the objects that nobody brought or touched since then; null begins. */
  untouchedSince(time: number, after: string | null): Promise<ObjectPage>;
  remove(sha256: string): Promise<void>;
  /** Whether objects can be had. @throws ObjectsAwayError with words for why not */
  check(signal?: AbortSignal): Promise<void>;
}
