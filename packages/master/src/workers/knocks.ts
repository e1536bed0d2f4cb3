import type { Call } from '../calls.ts';

type Knock = Extract<Call, { t: 'knock' }>;
type Knocked = Extract<Call, { t: 'knocked' }>;

/** Longer than the other engine waits for the link to answer. */
const answerMs = 5_500;

/** Asks the engine that has a worker's link whether that still answers. */
export class Knocks {
  readonly #call: (call: Call) => void;
  readonly #asked = new Map<string, (isThere: boolean) => void>();

  /** @param call says it to the other engines */
  constructor(call: (call: Call) => void) {
    this.#call = call;
  }

  /** False also when that engine says nothing: it may be dead. */
  ask(knock: Omit<Knock, 't'>): Promise<boolean> {
    const key = keyOf(knock);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = setTimeout(() => resolve(false), answerMs);
    this.#asked.set(key, resolve);
    this.#call({ t: 'knock', ...knock });
    return promise.finally(() => {
      clearTimeout(giveUp);
      this.#asked.delete(key);
    });
  }

  /** The other engine's answer. */
  answered(knocked: Knocked): void {
    this.#asked.get(keyOf(knocked))?.(knocked.isThere);
  }

  answer(knock: Knock, isThere: boolean): void {
    const { worker, boot } = knock;
    this.#call({ t: 'knocked', worker, boot, isThere });
  }
}

function keyOf({ worker, boot }: { worker: number; boot: string }): string {
  return `${worker} ${boot}`;
}
