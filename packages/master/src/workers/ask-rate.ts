/** So many proofs at once from one address; after that one more each `refillMs`. */
const burst = 50;
const refillMs = 200;
/** An attacker with many addresses must not fill the memory. */
const maxAddresses = 10_000;

/**
 * Keeps one address from having its proofs checked without end. Ten workers that wait to be accepted
 * ask less often than that.
 */
export class AskRate {
  /** When each address's last proof will be forgotten. */
  readonly #forgottenAt = new Map<string, number>();

  /** Whether one more proof from this address is looked at now. */
  take(address: string, now: number): boolean {
    const forgottenAt = Math.max(now, this.#forgottenAt.get(address) ?? 0) + refillMs;
    if (forgottenAt - now > burst * refillMs) return false;
    // Deleted first, so that the map is in the order of the last proofs.
    this.#forgottenAt.delete(address);
    this.#forgottenAt.set(address, forgottenAt);
    const [oldest] = this.#forgottenAt.keys();
    if (this.#forgottenAt.size > maxAddresses && oldest !== undefined) {
      this.#forgottenAt.delete(oldest);
    }
    return true;
  }
}
