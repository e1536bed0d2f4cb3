import type { RuntimeKey } from '@weir/protocol';
import type { Say } from '../owner/say.ts';
import type { Runtimes } from '../workspace/runtimes.ts';

/** Runtimes are looked through once for all builds that end within this time. */
const pruneMs = 1_000;

export interface PrunerContext {
  readonly runtimes: Pick<Runtimes, 'prune'>;
  /** How much of the disk they may take. */
  readonly maxBytes: number;
  /** Tells the farm of one that is gone; null while there is no link. */
  readonly tell: () => ((dropped: RuntimeKey) => void) | null;
  readonly say: Say;
}

/** Has old runtimes make room for new ones, soon after builds have ended. */
export class RuntimePruner implements Disposable {
  readonly #context: PrunerContext;
  #timer: NodeJS.Timeout | null = null;

  constructor(context: PrunerContext) {
    this.#context = context;
  }

  soon(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.#prune(), pruneMs).unref();
  }

  #prune(): void {
    this.#timer = null;
    const { runtimes, maxBytes, tell, say } = this.#context;
    const drop = tell();
    // What is dropped unheard the farm would count on: the next build that ends brings this here again.
    if (drop === null) return;
    try {
      for (const runtime of runtimes.prune(maxBytes)) drop(runtime);
    } catch (error) {
      say(`old runtimes can't be looked through: ${String(error)}`);
    }
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
