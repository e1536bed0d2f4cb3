import { networkOf } from '../../network.ts';

/** So many wrong tokens in a row; after that one more each second. */
const burst = 10;
const refillMs = 1_000;
/** An attacker with many addresses must not fill the memory. */
const maxAddresses = 10_000;

/** Counts wrong tokens by address, so that nobody can guess fast. */
export class Failures {
  /** When each address's last failure will be forgotten. */
  readonly #forgottenAt = new Map<string, number>();

  /** Milliseconds until the address may try again; 0: now. */
  waitMs(address: string, now: number): number {
    const forgottenAt = this.#forgottenAt.get(networkOf(address)) ?? 0;
    return Math.max(0, forgottenAt - now - (burst - 1) * refillMs);
  }

  add(address: string, now: number): void {
    const network = networkOf(address);
    const forgottenAt = Math.max(now, this.#forgottenAt.get(network) ?? 0) + refillMs;
    // Deleted first, so that the map is in the order of the last failures.
    this.#forgottenAt.delete(network);
    this.#forgottenAt.set(network, forgottenAt);
    const [oldest] = this.#forgottenAt.keys();
    if (this.#forgottenAt.size > maxAddresses && oldest !== undefined) {
      this.#forgottenAt.delete(oldest);
    }
  }
}
