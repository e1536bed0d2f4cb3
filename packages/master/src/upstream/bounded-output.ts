/** Collects the output of a process up to a limit, and says when that is reached. */
export class BoundedOutput {
  readonly #limitBytes: number;
  readonly #chunks: Buffer[] = [];
  readonly #full = new AbortController();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Aborts at the first byte beyond the limit. */
  get full(): AbortSignal {
    return this.#full.signal;
  }

  add(chunk: Buffer): void {
    if (this.full.aborted) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limitBytes) this.#full.abort();
  }

  /** What came up to the limit. */
  bytes(): Buffer {
    return Buffer.concat(this.#chunks).subarray(0, this.#limitBytes);
  }
}
