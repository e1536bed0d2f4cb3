import type { BuildSpec } from '@weir/protocol';
import type { Link } from '../link/link.ts';
import type { Say } from '../owner/say.ts';
import type { OwnerPause } from './owner-pause.ts';
import type { Policy } from './policy.ts';
import { declineReason } from './policy.ts';
import type { Slots } from './slots.ts';

export interface IntakeOptions {
  readonly slots: Slots;
  readonly pause: OwnerPause;
  readonly policy: Policy;
  readonly say: Say;
}

/** The protocol takes no longer ones. */
const maxReason = 500;

/** Decides which builds are taken, tells the farm how many more could be, and gives them to slots. */
export class Intake {
  readonly #options: IntakeOptions;
  /** Accepted, and not started. */
  readonly #offers = new Map<number, { spec: BuildSpec; epoch: number }>();
  #link: Link | null = null;
  #lastReady = '';
  isDiskFull = false;
  /** Why no builds are taken for a while, such as quiet hours. */
  resting: string | null = null;
  isDraining = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Nothing runs, and nothing is about to. */
  get isIdle(): boolean {
    return this.#options.slots.busy === 0 && this.#offers.size === 0;
  }

  /** A session began, or with null it ended, and what was offered in it is void. */
  open(link: Link | null): void {
    this.#link = link;
    this.#lastReady = '';
    this.#offers.clear();
  }

  answer(spec: BuildSpec, epoch: number): void {
    const { build } = spec;
    const busy = this.#busyReason();
    const reason = busy ?? declineReason(this.#options.policy, spec);
    if (reason !== null) {
      const cause = busy === null ? 'policy' : 'busy';
      this.#link?.send({ t: 'decline', build, epoch, cause, reason: reason.slice(0, maxReason) });
      return;
    }
    this.#offers.set(build, { spec, epoch });
    this.#link?.send({ t: 'accept', build, epoch });
  }

  /** The farm takes an offer back. Whether there was one. */
  drop(build: number): boolean {
    return this.#offers.delete(build);
  }

  start(build: number): void {
    const { slots, say } = this.#options;
    const offer = this.#offers.get(build);
    const slot = slots.find(({ isFree }) => isFree);
    this.#offers.delete(build);
    const link = this.#link;
    if (link === null) return;
    // The slot's runner died meanwhile: the next hello tells the farm that the build is not here.
    if (offer === undefined || slot === undefined) return link.close();
    const { spec, epoch } = offer;
    say(`build ${spec.builder} #${spec.number}`, { build, builder: spec.builder });
    slot.run(spec, epoch).attach(link, { epoch, entries: 0, logs: [] });
  }

  /** Credit: what has changed since it was said last. */
  sayReady(): void {
    if (this.#link === null) return;
    const { slots, pause } = this.#options;
    const isClosed =
      this.isDraining || this.isDiskFull || this.resting !== null || pause.reason !== null;
    // What was accepted and has not started has its slot already.
    const free = isClosed ? 0 : Math.max(0, slots.free - this.#offers.size);
    const paused = this.isDraining ? 'it is leaving' : this.resting;
    const ready = { t: 'ready', slots: free, paused, diskFull: this.isDiskFull } as const;
    const said = JSON.stringify(ready);
    // A slot that was filled is known to the farm: it accepted the build's answer.
    if (said === this.#lastReady && free === 0) return;
    this.#lastReady = said;
    this.#link.send(ready);
  }

  /** Why no build can be taken just now, whichever it is. */
  #busyReason(): string | null {
    const { slots, pause } = this.#options;
    if (this.isDraining) return 'it is leaving';
    if (pause.reason !== null) return `its owner paused it: ${pause.reason}`;
    if (this.resting !== null) return this.resting;
    if (this.isDiskFull) return 'its disk is full';
    return slots.free <= this.#offers.size ? 'all its slots are taken' : null;
  }
}
