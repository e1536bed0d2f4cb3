import { statfs } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { bytesText } from '@weir/model/layout';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { DiskFullError } from './store/disk-full.ts';
import { recordEvents } from './store/events.ts';
import type { Store } from './store/store.ts';

/** `low`: no builds are given out. `full`: what running builds print is left with their workers, too. */
export type Room = 'enough' | 'low' | 'full';

export interface DiskRoomOptions {
  /** The data folder. */
  readonly dir: string;
  /** With less free, room is low; with less than half of it, the disk counts as full. In bytes. */
  readonly minFreeBytes: () => number;
}

/** A flood of logs takes some 100 MB in this time. */
const everyMs = 1_000;
/** A write failed for want of room, whatever the file system says: a quota, say. */
const afterFailureMs = 3_000;
/** So much more than the least must be free before it is enough again: no to and fro at the border. */
const slack = 1.1;

/** How much room there is for the farm's data, known before a write fails. */
export class DiskRoom implements Disposable {
  readonly #options: DiskRoomOptions;
  #timer: NodeJS.Timeout | undefined;
  #changed: (room: Room, freeBytes: number) => void = () => {};
  #room: Room = 'enough';
  #failedAt = -Infinity;
  #freeBytes = 0;
  #waiting = Promise.withResolvers<void>();

  private constructor(options: DiskRoomOptions) {
    this.#options = options;
  }

  /** Looks once; `watch` has it go on. @throws Error when the folder can't be asked */
  static async open(options: DiskRoomOptions): Promise<DiskRoom> {
    const room = new DiskRoom(options);
    await room.#look();
    return room;
  }

  /** Looks again and again. `changed` is called at once when there is not enough, then for each change. */
  watch(changed: (room: Room, freeBytes: number) => void): void {
    this.#changed = changed;
    if (this.#room !== 'enough') changed(this.#room, this.#freeBytes);
    this.#timer = setInterval(() => {
      // A folder that can't be asked is seen by whoever writes to it.
      this.#look().catch(() => {});
    }, everyMs).unref();
  }

  /** No builds are to be given out. */
  get isLow(): boolean {
    return this.#room !== 'enough';
  }

  /** Nothing large is to be written. */
  get isFull(): boolean {
    return this.#room === 'full';
  }

  /** What people are told; null when there is enough room. */
  get shortage(): string | null {
    if (this.#room === 'enough') return null;
    const least = bytesText(this.#options.minFreeBytes());
    const begin =
      this.#room === 'low'
        ? `The farm's disk has less than ${least} of room`
        : "The farm's disk is full: workers keep what their builds print";
    return `${begin}. No builds are given out until ${least} are free.`;
  }

  /** A write failed for want of room. */
  failed(): void {
    this.#failedAt = performance.now();
    this.#set('full');
  }

  /** Resolves when the disk is full no more; at once when it is not. */
  async returned(): Promise<void> {
    while (this.isFull) await this.#waiting.promise;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#options.dir);
    this.#freeBytes = bavail * bsize;
    this.#set(this.#judge());
  }

  #judge(): Room {
    if (performance.now() - this.#failedAt < afterFailureMs) return 'full';
    const least = this.#options.minFreeBytes();
    if (this.#freeBytes < (least / 2) * (this.isFull ? slack : 1)) return 'full';
    return this.#freeBytes < least * (this.isLow ? slack : 1) ? 'low' : 'enough';
  }

  #set(room: Room): void {
    if (room === this.#room) return;
    this.#room = room;
    if (room !== 'full') {
      this.#waiting.resolve();
      this.#waiting = Promise.withResolvers();
    }
    this.#changed(room, this.#freeBytes);
  }
}

/** Tells people that there is another amount of room now: by a line, and by an event where one can be written. */
export async function tellRoom(
  { store, room: { shortage }, now, log }: { store: Store; room: DiskRoom; now: Clock; log: Log },
  room: Room,
  freeBytes: number,
): Promise<void> {
  if (shortage === null) log.info('there is room on the disk again: builds are given out');
  else log.warn(shortage);
  const about = { kind: 'farm.room-changed', actor: 'engine', subject: 'farm' };
  try {
    await store.unit((db) =>
      recordEvents(db, [{ at: now(), ...about, data: { room, freeBytes } }]),
    );
  } catch (error) {
    if (!(error instanceof DiskFullError)) throw error;
  }
}
