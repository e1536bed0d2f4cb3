import type { AgentOptions } from './agent-options.ts';

/** Whether the owner has the worker take no builds, and whether the farm knows. */
export class OwnerPause {
  readonly #options: Pick<AgentOptions, 'keep' | 'say'>;
  #reason: string | null;
  #isUnsaid: boolean;

  constructor(options: Pick<AgentOptions, 'paused' | 'isPauseUnsaid' | 'keep' | 'say'>) {
    this.#options = options;
    this.#reason = options.paused;
    this.#isUnsaid = options.isPauseUnsaid;
  }

  /** Null: it takes builds. */
  get reason(): string | null {
    return this.#reason;
  }

  /** What the hello says of it. */
  get inHello(): { ownerPause?: string | null } {
    return this.#isUnsaid ? { ownerPause: this.#reason } : {};
  }

  /** @param isUnsaid it was changed on this machine, and the farm has not confirmed that it knows */
  set(reason: string | null, isUnsaid: boolean): void {
    const { keep, say } = this.#options;
    if (reason !== this.#reason) say(reason === null ? 'takes builds again' : `paused: ${reason}`);
    this.#reason = reason;
    this.#isUnsaid = isUnsaid;
    keep({ paused: reason, isPauseUnsaid: isUnsaid });
  }
}
