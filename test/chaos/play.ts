import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlayedFault } from './evidence.ts';
import type { ChaosFarm } from './farm.ts';
import { beginFault } from './faults.ts';
import { partOf } from './plan.ts';
import type { Fault } from './plan.ts';

/** Plays a plan of faults, and writes down in `faults.jsonl` what was done when. */
export class Play {
  readonly #farm: ChaosFarm;
  readonly #began: () => void;
  /** What a fault is done to just now: on a busy machine one may last until the next is due. */
  readonly #held = new Set<string>();

  /** @param began called for each fault that had a victim */
  constructor(farm: ChaosFarm, began: () => void) {
    this.#farm = farm;
    this.#began = began;
  }

  /** Takes so many milliseconds at least; resolves when no fault is in force any more. */
  async run(plan: readonly Fault[], lengthMs: number): Promise<PlayedFault[]> {
    const startedAt = performance.now();
    const until = (at: number): Promise<void> => {
      return sleep(Math.max(0, at - (performance.now() - startedAt)));
    };
    const underWay: Promise<PlayedFault | undefined>[] = [];
    for (const fault of plan) {
      await until(fault.at);
      underWay.push(this.#play(fault));
    }
    await until(lengthMs);
    return (await Promise.all(underWay)).filter((fault) => fault !== undefined);
  }

  /** Undefined when its victim was not there. */
  async #play(fault: Fault): Promise<PlayedFault | undefined> {
    const part = partOf(fault);
    if (this.#held.has(part)) {
      this.#note(fault, 'missed');
      return undefined;
    }
    this.#held.add(part);
    try {
      const from = Date.now();
      const end = await beginFault(this.#farm, fault);
      this.#note(fault, end === undefined ? 'missed' : 'begun');
      if (end === undefined) return undefined;
      this.#began();
      await sleep(fault.lastsMs);
      await end();
      this.#note(fault, 'ended');
      return { ...fault, from, to: Date.now() };
    } finally {
      this.#held.delete(part);
    }
  }

  #note(fault: Fault, what: 'begun' | 'ended' | 'missed'): void {
    const line = { ...fault, at: new Date().toISOString(), what };
    appendFileSync(join(this.#farm.dir, 'faults.jsonl'), `${JSON.stringify(line)}\n`);
  }
}
