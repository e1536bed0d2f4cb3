/** How old may be what no event tells of: ages, who is online, how far a log has grown. */
const freshMs = 500;

interface Drawing {
  /** The newest event when it was begun. */
  readonly event: number;
  readonly begunAt: number;
  readonly page: Promise<Buffer>;
}

interface Shared {
  /** The last one that was begun. */
  drawing: Drawing | undefined;
  /** The one after it, as long as it has not begun. */
  next: Promise<Buffer> | undefined;
}

export interface SharedPagesOptions {
  /** The number of the newest event. */
  newestEvent(): Promise<number>;
  /** Milliseconds, from whenever. */
  now(): number;
}

/**
 * Pages that are the same for everybody who asks. A page is drawn once for all who ask for it at the
 * same time, one drawing after another, and nobody gets one that lacks an event that there was when
 * he asked: so hundreds who wait for the same page cost little more than one.
 */
export class SharedPages {
  readonly #options: SharedPagesOptions;
  readonly #byAddress = new Map<string, Shared>();

  constructor(options: SharedPagesOptions) {
    this.#options = options;
  }

  /** The page at this address, as `draw` draws it. Rejects as `draw` does. */
  async get(address: string, draw: () => Promise<Buffer>): Promise<Buffer> {
    const event = await this.#options.newestEvent();
    const shared = this.#byAddress.get(address) ?? { drawing: undefined, next: undefined };
    this.#byAddress.set(address, shared);
    const { drawing } = shared;
    if (drawing !== undefined && drawing.event >= event && this.#isFresh(drawing)) {
      return drawing.page;
    }
    return (shared.next ??= this.#drawNext(address, shared, draw));
  }

  async #drawNext(address: string, shared: Shared, draw: () => Promise<Buffer>): Promise<Buffer> {
    await shared.drawing?.page.catch(() => {});
    let event: number;
    try {
      event = await this.#options.newestEvent();
    } finally {
      shared.next = undefined;
    }
    const page = draw();
    const drawing = { event, begunAt: this.#options.now(), page };
    shared.drawing = drawing;
    const forgetSoon = (): void => {
      setTimeout(() => {
        if (shared.drawing === drawing && shared.next === undefined) {
          this.#byAddress.delete(address);
        }
      }, freshMs).unref();
    };
    page.then(forgetSoon, forgetSoon);
    return page;
  }

  #isFresh({ begunAt }: Drawing): boolean {
    return this.#options.now() - begunAt < freshMs;
  }
}
