import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredObject } from '@weir/protocol';
import type { FarmObjects } from './ask-farm.ts';
import { uploadObject } from './upload.ts';

/** A farm that is away for longer when the steps are over gets none of what is beside the result: the totals and hashes say enough. */
const patienceMs = 120_000;

export interface ObjectUploadsOptions {
  /** The farm's web address. */
  readonly farm: string;
  readonly build: number;
  readonly token: string;
  /** The folder with the objects, named by their hashes. */
  readonly dir: string;
  /** See `FarmObjects`. */
  readonly firstPauseMs?: number;
  /** In milliseconds. Default: two minutes. */
  readonly patienceMs?: number;
}

/** Brings what a step left for the farm to store, one object after another, while the build goes on. */
export class ObjectUploads {
  readonly #options: ObjectUploadsOptions;
  readonly #stopped = new AbortController();
  #tail: Promise<void> = Promise.resolve();

  constructor(options: ObjectUploadsOptions) {
    this.#options = options;
  }

  bring(objects: readonly StoredObject[]): void {
    for (const object of objects) {
      // That it is empty is all there is to know.
      if (object.bytes === 0) continue;
      this.#tail = this.#tail
        .then(() => this.#upload(object))
        .catch((error: unknown) => {
          if (!this.#stopped.signal.aborted) console.error(`an object: ${String(error)}`);
        });
    }
  }

  /** Resolves when the farm has all of them or won't take them, when patience ends, or on the signal. */
  async settle(signal: AbortSignal): Promise<void> {
    const { patienceMs: ms = patienceMs } = this.#options;
    const patience = new AbortController();
    const both = AbortSignal.any([signal, patience.signal]);
    try {
      await Promise.race([this.#tail, sleep(ms, undefined, { signal: both }).catch(() => {})]);
    } finally {
      patience.abort();
      this.#stopped.abort();
    }
  }

  async #upload(object: StoredObject): Promise<void> {
    const { farm, firstPauseMs, build, token, dir } = this.#options;
    const { signal } = this.#stopped;
    signal.throwIfAborted();
    const place: FarmObjects = { farm, signal, ...(firstPauseMs && { firstPauseMs }) };
    await uploadObject(place, { build, token, file: join(dir, object.sha256), object });
  }
}
