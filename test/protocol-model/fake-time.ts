import { performance } from 'node:perf_hooks';
import { Life } from './life.ts';

/** Where the farm's clock stands when a run begins. */
const begin = Date.UTC(2026, 10, 20, 12);

/** Stands for the Timeout of Node. */
class FakeTimer {
  readonly act: () => void;
  readonly everyMs: number | undefined;
  readonly life: Life | undefined;
  readonly #time: FakeTime;
  readonly #afterMs: number;
  at: number;

  constructor(time: FakeTime, act: () => void, afterMs: number, isRepeated: boolean) {
    this.#time = time;
    this.#afterMs = Math.max(1, afterMs);
    this.act = act;
    this.everyMs = isRepeated ? this.#afterMs : undefined;
    this.life = Life.current;
    this.at = time.now + this.#afterMs;
  }

  refresh(): this {
    this.at = this.#time.now + this.#afterMs;
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** The timers, the monotonic clock and the dice of everything under test; time passes as it is told to. */
export class FakeTime implements Disposable {
  now = 0;
  readonly #timers = new Set<FakeTimer>();
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    clearTimeout: globalThis.clearTimeout,
    clearInterval: globalThis.clearInterval,
    random: Math.random,
  };

  constructor() {
    const start = (isRepeated: boolean) => (act: () => void, ms?: number) => {
      const timer = new FakeTimer(this, act, ms ?? 0, isRepeated);
      this.#timers.add(timer);
      return timer;
    };
    const stop = (timer: FakeTimer): void => void this.#timers.delete(timer);
    Object.assign(globalThis, {
      setTimeout: start(false),
      setInterval: start(true),
      clearTimeout: stop,
      clearInterval: stop,
    });
    Object.defineProperty(performance, 'now', { configurable: true, value: () => this.now });
    let dice = 1;
    Math.random = () => (dice = (dice * 48_271) % 0x7fffffff) / 0x7fffffff;
  }

  /** Milliseconds UTC, as an engine's clock says. */
  readonly clock = (): number => begin + this.now;

  /** Fires the next timer that is due by then, and sets the clock to its time. False when there is none. */
  fireNext(until: number): boolean {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.life?.isAlive === false) this.#timers.delete(timer);
      else if (timer.at <= until && timer.at < (next?.at ?? Infinity)) next = timer;
    }
    if (next === undefined) {
      this.now = until;
      return false;
    }
    this.now = Math.max(this.now, next.at);
    if (next.everyMs === undefined) this.#timers.delete(next);
    else next.at += next.everyMs;
    if (next.life === undefined) next.act();
    else next.life.run(next.act);
    return true;
  }

  [Symbol.dispose](): void {
    const { random, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    Math.random = random;
    Reflect.deleteProperty(performance, 'now');
  }
}
