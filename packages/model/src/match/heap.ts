/** A binary heap: `pop` gives the least of its items. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number, items: Iterable<T> = []) {
    this.#compare = compare;
    for (const item of items) this.push(item);
  }

  push(item: T): void {
    this.#items.push(item);
    let at = this.#items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfLess(at, parent)) return;
      at = parent;
    }
  }

  pop(): T | undefined {
    const least = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length === 0 || last === undefined) return least;
    this.#items[0] = last;
    let at = 0;
    let child = this.#lesserChild(at);
    while (this.#swapIfLess(child, at)) {
      at = child;
      child = this.#lesserChild(at);
    }
    return least;
  }

  #lesserChild(at: number): number {
    const left = this.#items[2 * at + 1];
    const right = this.#items[2 * at + 2];
    if (left === undefined || right === undefined) return 2 * at + 1;
    return this.#compare(left, right) <= 0 ? 2 * at + 1 : 2 * at + 2;
  }

  #swapIfLess(below: number, above: number): boolean {
    const lower = this.#items[below];
    const upper = this.#items[above];
    if (lower === undefined || upper === undefined || this.#compare(lower, upper) >= 0) {
      return false;
    }
    this.#items[above] = lower;
    this.#items[below] = upper;
    return true;
  }
}
