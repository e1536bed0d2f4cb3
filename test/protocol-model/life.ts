import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<Life>();

/**
 * One run of one program: all that it starts belongs to it. Killed, it does nothing any more: its
 * timers never fire, what it asked for is never answered, nobody hears it.
 */
export class Life {
  readonly name: string;
  #isAlive = true;

  constructor(name: string) {
    this.name = name;
  }

  static get current(): Life | undefined {
    return current.getStore();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Calls `act` as this program, unless that is dead. */
  run(act: () => void): void {
    if (this.#isAlive) current.run(this, act);
  }

  kill(): void {
    this.#isAlive = false;
  }
}
