import type { Feed } from './feed.ts';
import type { Slot } from './slot.ts';

/** The slots of one worker, more or fewer as its owner likes. */
export class Slots {
  readonly #make: (index: number) => Slot;
  readonly #slots: Slot[] = [];
  /** So many builds at once. */
  #wanted: number;

  constructor(count: number, make: (index: number) => Slot) {
    this.#make = make;
    this.#wanted = count;
  }

  get count(): number {
    return this.#wanted;
  }

  get busy(): number {
    return this.feeds().length;
  }

  /** Slots that could take a build now; none while more run than are wanted. */
  get free(): number {
    const free = this.#slots.filter(({ isFree }) => isFree).length;
    return Math.max(0, Math.min(free, this.#wanted - this.busy));
  }

  /**
   * Opens what is missing: as many slots as are wanted, and those that an agent with more of them
   * left a build in.
   *
   * @param used slots up to this one hold builds
   * @throws Error when a runner does not answer
   */
  async open(used = 0): Promise<void> {
    const added: Slot[] = [];
    while (this.#slots.length < Math.max(this.#wanted, used)) {
      const slot = this.#make(this.#slots.length);
      this.#slots.push(slot);
      added.push(slot);
    }
    await Promise.all(added.map((slot) => slot.open()));
  }

  /** Resolves once it is known what each slot has. */
  async known(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.known));
  }

  /** What runs goes on; fewer slots take effect as it ends. */
  async resize(count: number): Promise<void> {
    this.#wanted = count;
    this.closeUnwanted();
    await this.open();
  }

  /** Closes slots that are free and more than are wanted. */
  closeUnwanted(): void {
    while (this.#slots.length > this.#wanted && this.#slots.at(-1)?.isFree) {
      this.#slots.pop()?.close(true);
    }
  }

  find(isIt: (slot: Slot) => boolean): Slot | undefined {
    return this.#slots.find(isIt);
  }

  of(build: number): Slot | undefined {
    return this.#slots.find(({ feed }) => feed?.build === build);
  }

  feeds(): Feed[] {
    return this.#slots.flatMap(({ feed }) => (feed ? [feed] : []));
  }

  /** Of the builds that have not come to their end. */
  running(): Feed[] {
    return this.#slots.flatMap(({ feed, isFinished }) => (feed && !isFinished ? [feed] : []));
  }

  /** Leaves the runners: told to end, they end what they build. */
  close({ endRunners }: { endRunners: boolean }): void {
    for (const slot of this.#slots) slot.close(endRunners);
  }
}
