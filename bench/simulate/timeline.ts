import { Heap } from '../../packages/model/src/match/heap.ts';

interface Event {
  readonly at: number;
  readonly number: number;
  readonly act: () => void;
}

/** Virtual time: what is to happen, soonest first, and of one moment in the order it was planned in. */
export class Timeline {
  readonly #events = new Heap<Event>((a, b) => a.at - b.at || a.number - b.number);
  #number = 0;
  now = 0;

  at(at: number, act: () => void): void {
    this.#events.push({ at: Math.max(at, this.now), number: this.#number++, act });
  }

  /** Lets everything happen. */
  run(): void {
    for (let event = this.#events.pop(); event; event = this.#events.pop()) {
      this.now = event.at;
      event.act();
    }
  }
}
