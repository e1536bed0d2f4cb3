import { Listener } from './listener.ts';

const channel = 'weir_commit';
const callChannel = 'weir_call';
/** Commits of so long are told of together: the server tells one notification after another. */
const gatherMs = 20;

/** What the other processes of a farm tell. */
export interface WakeUpListener {
  /** Something was committed. */
  readonly woken: () => void;
  readonly called: (text: string) => void;
}

/**
 * Tells the other processes of a farm that something was committed, and hears it from them. It carries
 * no fact and may get lost: who waits for it looks by himself, too, every few seconds. Calls say
 * what stands nowhere else, and may get lost as well.
 */
export class WakeUps implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #name: string;
  #isTelling = false;
  #told: Promise<void> = Promise.resolve();

  /** @param name by which its own notifications are known */
  private constructor(listener: Listener, name: string) {
    this.#listener = listener;
    this.#name = name;
  }

  /** Resolves when it hears the others. */
  static async open(url: string, { woken, called }: WakeUpListener): Promise<WakeUps> {
    const name = crypto.randomUUID();
    const listener = await Listener.open(url, {
      channels: [channel, callChannel],
      heard(payload, on) {
        if (payload.startsWith(name)) return;
        if (on === channel) woken();
        else called(payload.slice(name.length + 1));
      },
      // For what was told meanwhile.
      isBack: woken,
    });
    return new WakeUps(listener, name);
  }

  /** Something was committed here. */
  tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setTimeout(() => {
      // What is committed from here on is told of by the next one.
      this.#isTelling = false;
      // After the commit, and not in it: the server lets no two transactions that notify commit at once.
      this.#told = this.#told.then(() => this.#listener.notify(channel, this.#name));
    }, gatherMs).unref();
  }

  /** Says it to the others. */
  call(text: string): void {
    this.#told = this.#told.then(() => this.#listener.notify(callChannel, `${this.#name} ${text}`));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#listener[Symbol.asyncDispose]();
  }
}
