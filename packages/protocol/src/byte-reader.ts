/** Bytes that are no such thing as they are said to be. Its message names place and reason. */
export class BadTestListError extends Error {
  override readonly name = 'BadTestListError';
  readonly code = 'bad-test-list';
}

/** Integers of at most so many bits: exact as a number. */
const maxBits = 49;

/** Reads numbers and bytes one after another, and nothing beyond the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** @throws BadTestListError with the place */
  refuse(reason: string): never {
    throw new BadTestListError(`byte ${this.#at}: ${reason}`);
  }

  /** A view, no copy. @throws BadTestListError when there are fewer */
  bytes(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) this.refuse(`${count} bytes should follow`);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** LEB128, unsigned. @throws BadTestListError when it is above `max` */
  number(max: number, what: string): number {
    let value = 0;
    for (let bits = 0; bits < maxBits; bits += 7) {
      const [byte = 0] = this.bytes(1);
      value += (byte & 0x7f) * 2 ** bits;
      if (byte >= 0x80) continue;
      return value <= max ? value : this.refuse(`${value} ${what}, at most ${max}`);
    }
    return this.refuse(`more than ${max} ${what}`);
  }
}

/** Writes what a `ByteReader` reads. */
export class ByteWriter {
  #bytes = new Uint8Array(1_024);
  #length = 0;

  bytes(more: Uint8Array): void {
    const length = this.#length + more.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(more, this.#length);
    this.#length = length;
  }

  number(value: number): void {
    const encoded: number[] = [];
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) encoded.push((rest % 0x80) | 0x80);
    this.bytes(Uint8Array.from([...encoded, rest]));
  }

  written(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
