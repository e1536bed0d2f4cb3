import { Life } from './life.ts';

interface Operation {
  readonly life: Life | undefined;
  readonly act: () => Promise<unknown>;
  readonly answer: (value: PromiseSettledResult<unknown>) => void;
}

/**
 * Writes to a disk, in the order in which they are asked for. On a slow one they wait until they
 * are let through.
 */
export class Device {
  isSlow = false;
  readonly #waiting: Operation[] = [];
  readonly #orphans: Operation[] = [];

  /** Resolves after `act` was done; never, when who asked for it died before. */
  run<T>(act: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const answer = (settled: PromiseSettledResult<unknown>): void => {
      if (settled.status === 'fulfilled') resolve(settled.value as T);
      else reject(settled.reason as Error);
    };
    this.#waiting.push({ life: Life.current, act, answer });
    return promise;
  }

  get waits(): number {
    return this.#waiting.length;
  }

  /** Does what has waited longest, `count` together. False when nothing waited. */
  async pass(count: number): Promise<boolean> {
    const passing = this.#waiting.splice(0, count);
    const settled = await Promise.allSettled(passing.map(({ act }) => act()));
    for (const [index, { life, answer }] of passing.entries()) {
      const result = settled[index];
      if (result === undefined) continue;
      if (life === undefined) answer(result);
      else life.run(() => answer(result));
    }
    return passing.length > 0;
  }

  /** One that waits overtakes the others, as transactions of a database server may. */
  async overtake(index: number): Promise<void> {
    this.#waiting.unshift(...this.#waiting.splice(index % this.#waiting.length, 1));
    await this.pass(1);
  }

  /**
   * Who wrote dies. The first `count` writes came through; of the others nobody will hear, but they
   * are on their way.
   */
  async cut(count: number): Promise<void> {
    await this.pass(count);
    this.#orphans.push(...this.#waiting.splice(0));
  }

  get orphans(): number {
    return this.#orphans.length;
  }

  /** What somebody wrote who is dead arrives after all. */
  async arrive(index: number): Promise<void> {
    const [orphan] = this.#orphans.splice(index % this.#orphans.length, 1);
    await orphan?.act().catch(() => {});
  }
}
