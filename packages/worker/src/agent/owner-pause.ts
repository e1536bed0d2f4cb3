import type { AgentOptions } from './agent-options.ts';

/** Whether the owner has the worker take no builds, and whether the farm knows. */
export class OwnerPause {
  readonly #options: Pick<AgentOptions, 'keep' | 'say'>;
  #reason: string | null;
  #isUnsaid: boolean;
  /** It was changed on this machine after the last hello. */
  #isNewerThanHello = false;

  constructor(options: Pick<AgentOptions, 'paused' | 'isPauseUnsaid' | 'keep' | 'say'>) {
    this.#options = options;
    this.#reason = options.paused;
    this.#isUnsaid = options.isPauseUnsaid;
  }

  /** Null: it takes builds. */
  get reason(): string | null {
    return this.#reason;
  }

  /** What the hello says of it: nothing, unless it was changed here since the farm last answered one. */
  hello(): { ownerPause?: string | null } {
    this.#isNewerThanHello = false;
    return this.#isUnsaid ? { ownerPause: this.#reason } : {};
  }

  /** What the farm says after the hello holds. True when that is old already: the farm must be told. */
  welcome(ownerPause: string | null | undefined): boolean {
    if (this.#isNewerThanHello) return true;
    this.#set(ownerPause === undefined ? this.#reason : ownerPause, false);
    return false;
  }

  /** Changed on this machine. */
  setHere(reason: string | null): void {
    this.#isNewerThanHello = true;
    this.#set(reason, true);
  }

  /** Changed on the worker's page. */
  setByFarm(reason: string | null): void {
    this.#set(reason, false);
  }

  #set(reason: string | null, isUnsaid: boolean): void {
    const { keep, say } = this.#options;
    // Each welcome says it: nothing is to be written for what is known.
    if (reason === this.#reason && isUnsaid === this.#isUnsaid) return;
    if (reason !== this.#reason) say(reason === null ? 'takes builds again' : `paused: ${reason}`);
    this.#reason = reason;
    this.#isUnsaid = isUnsaid;
    keep({ paused: reason, isPauseUnsaid: isUnsaid });
  }
}
