/** How old may be what no event tells of: ages, who is online, how far a log has grown. */
const freshMs = 500;

interface Drawing {
  /** The newest event when it was begun. */
  readonly event: number;
  readonly farm: object;
  readonly begunAt: number;
  readonly answer: Promise<Buffer>;
}

interface Shared {
  /** The last one that was begun. */
  drawing: Drawing | undefined;
  /** The one after it, as long as it has not begun. */
  next: Promise<Buffer> | undefined;
}

export interface SharedAnswersOptions {
  /** The number of the newest event. */
  newestEvent(): Promise<number>;
  /** What drawings show besides: with another object than before they are drawn anew. */
  farm(): object;
  /** Milliseconds, from whenever. */
  now(): number;
}

/**
 * Pages and answers of the API that are the same for everybody who asks. One is drawn once for all who
 * ask for it at the same time, one drawing after another, and nobody gets one that lacks an event that
 * there was when they asked: so hundreds who wait for the same page cost little more than one.
 */
export class SharedAnswers {
  readonly #options: SharedAnswersOptions;
  readonly #byAddress = new Map<string, Shared>();

  constructor(options: SharedAnswersOptions) {
    this.#options = options;
  }

  /** The answer at this address, as `draw` draws it. Rejects as `draw` does. */
  async get(address: string, draw: () => Promise<Buffer>): Promise<Buffer> {
    const event = await this.#options.newestEvent();
    const shared = this.#byAddress.get(address) ?? { drawing: undefined, next: undefined };
    this.#byAddress.set(address, shared);
    const { drawing } = shared;
    if (drawing !== undefined && drawing.event >= event && this.#isFresh(drawing)) {
      return drawing.answer;
    }
    return (shared.next ??= this.#drawNext(address, shared, draw));
  }

  async #drawNext(address: string, shared: Shared, draw: () => Promise<Buffer>): Promise<Buffer> {
    await shared.drawing?.answer.catch(() => {});
    let event: number;
    try {
      event = await this.#options.newestEvent();
    } finally {
      shared.next = undefined;
    }
    const farm = this.#options.farm();
    const answer = draw();
    const drawing = { event, farm, begunAt: this.#options.now(), answer };
    shared.drawing = drawing;
    const forgetSoon = (): void => {
      setTimeout(() => {
        if (shared.drawing === drawing && shared.next === undefined) {
          this.#byAddress.delete(address);
        }
      }, freshMs).unref();
    };
    answer.then(forgetSoon, forgetSoon);
    return answer;
  }

  #isFresh({ farm, begunAt }: Drawing): boolean {
    return farm === this.#options.farm() && this.#options.now() - begunAt < freshMs;
  }
}
