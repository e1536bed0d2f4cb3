import type { EngineProcess } from './engine-process.ts';
import { NoOpWorker } from './no-op-worker.ts';

/** Workers in this process that build without end, spread evenly over engines. */
export class EngineLoad implements Disposable {
  readonly #workers: { readonly worker: NoOpWorker; readonly engine: number }[] = [];
  /** Builds that were confirmed, by engine. */
  readonly confirmed: number[];
  #isOver = false;
  #failure: Error | undefined;

  private constructor(engines: number) {
    this.confirmed = Array.from({ length: engines }, () => 0);
  }

  static async join(engines: readonly EngineProcess[], workers: number): Promise<EngineLoad> {
    const load = new EngineLoad(engines.length);
    for (let n = 0; n < workers; n++) {
      const engine = n % engines.length;
      const at = engines[engine];
      if (at === undefined) throw new Error('there is no engine');
      load.#workers.push({ worker: await NoOpWorker.join(at, `w${n}`), engine });
    }
    return load;
  }

  /** A worker's first build is the runtime that the others need; one worker after the other. */
  async buildRuntimes(): Promise<void> {
    for (const { worker } of this.#workers) await worker.end(await worker.begin());
  }

  /** All of them take one build after the other from now on. */
  start(): void {
    for (const { worker, engine } of this.#workers) {
      this.#work(worker, engine).catch((error: unknown) => {
        if (!this.#isOver) this.#failure ??= new Error('a worker ended', { cause: error });
      });
    }
  }

  async #work(worker: NoOpWorker, engine: number): Promise<void> {
    while (!this.#isOver) {
      await worker.end(await worker.begin());
      this.confirmed[engine] = (this.confirmed[engine] ?? 0) + 1;
    }
  }

  /** Begins nothing any more; throws what ended a worker before. */
  stop(): void {
    this.#isOver = true;
    if (this.#failure !== undefined) throw this.#failure;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const { worker } of this.#workers) worker[Symbol.dispose]();
  }
}
