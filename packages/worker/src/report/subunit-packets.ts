import { crc32 } from 'node:zlib';
import { ReportError } from './tally.ts';

/** What a test is said to be, in the order of the protocol's numbers. */
const statuses = [
  'none',
  'exists',
  'inprogress',
  'success',
  'uxsuccess',
  'skip',
  'fail',
  'xfail',
] as const;
export type SubunitStatus = (typeof statuses)[number];

export interface SubunitPacket {
  readonly status: SubunitStatus;
  /** Blank: it is about no test. */
  readonly testId: string;
  /** Through which multiplexers it came; blank: none. */
  readonly route: string;
  /** Since 1970. */
  readonly timeMs: number | undefined;
  readonly file: { readonly name: string; readonly content: Buffer } | null;
}

const signature = 0xb3;
const minPacket = 8;
/** So much of damaged packets is looked at again for what may have survived in it. */
const maxDamagedBytes = 64 * 1024 * 1024;

const flagTestId = 0x0800;
const flagRoute = 0x0400;
const flagTime = 0x0200;
const flagTags = 0x0080;
const flagFile = 0x0040;
const flagMime = 0x0020;
const flagReserved = 0x0008;

/**
 * Takes the packets of subunit v2 out of a stream that may hold any other output as well
 * (<https://github.com/testing-cabal/subunit>, "The protocol"). A packet is held against its checksum;
 * a damaged one is counted, and what follows is found again.
 */
export class SubunitPackets {
  /** How often a packet could not be read; all that is lost at one place counts once. */
  damaged = 0;
  #rest: Buffer = Buffer.alloc(0);
  #damagedBytes = 0;
  /** Here a packet may begin: text can hold its first byte too, but only within a character. */
  #isBetween = true;
  #isLost = false;

  /** @throws ReportError when most of it is damaged */
  *take(piece: Buffer): Generator<SubunitPacket> {
    this.#rest = Buffer.concat([this.#rest, piece]);
    yield* this.#read(false);
  }

  /** What is left when no more comes. @throws ReportError as `take` */
  *end(): Generator<SubunitPacket> {
    yield* this.#read(true);
  }

  *#read(isEnd: boolean): Generator<SubunitPacket> {
    for (;;) {
      this.#skipText();
      if (this.#rest.length === 0) return;
      const length = packetLength(this.#rest);
      const isWhole = length !== null && length <= this.#rest.length;
      if (!isWhole && !isEnd) return;
      const packet = isWhole && length > 0 ? parsePacket(this.#rest.subarray(0, length)) : null;
      if (packet === null) this.#skipSignature(length ?? this.#rest.length);
      else {
        this.#rest = this.#rest.subarray(length ?? 0);
        this.#isBetween = true;
        this.#isLost = false;
        yield packet;
      }
    }
  }

  #skipText(): void {
    for (let start = 0; ;) {
      const at = this.#rest.indexOf(signature, start);
      const end = at === -1 ? this.#rest.length : at;
      if (end > 0) this.#isBetween = (this.#rest[end - 1] ?? 0) < 0x80;
      if (at === -1 || this.#isBetween || this.#isLost) {
        this.#rest = this.#rest.subarray(end);
        return;
      }
      start = at + 1;
    }
  }

  /** @param length that the packet claims; 0: it has no packet's head, it is a byte of something else */
  #skipSignature(length: number): void {
    this.#rest = this.#rest.subarray(1);
    this.#isBetween = false;
    if (length === 0) return;
    if (!this.#isLost) this.damaged += 1;
    this.#isLost = true;
    this.#damagedBytes += Math.min(length, this.#rest.length);
    if (this.#damagedBytes > maxDamagedBytes) {
      throw new ReportError('invalid', `its packets are damaged in ${this.damaged} places`);
    }
  }
}

/** In bytes, as its head claims; 0: this is no packet's head; null: more of it must come to tell. */
function packetLength(bytes: Buffer): number | null {
  if (bytes.length < 6) return null;
  const flags = bytes.readUInt16BE(1);
  if (flags >> 12 !== 2 || (flags & flagReserved) !== 0) return 0;
  const length = new Cursor(bytes.subarray(3, 6)).number();
  return length === null || length < minPacket ? 0 : length;
}

function parsePacket(bytes: Buffer): SubunitPacket | null {
  const body = bytes.subarray(0, -4);
  if (crc32(body) !== bytes.readUInt32BE(body.length)) return null;
  const flags = body.readUInt16BE(1);
  const cursor = new Cursor(body, 3);
  cursor.number();
  const seconds = flags & flagTime ? cursor.uint32() : null;
  const nanoseconds = flags & flagTime ? cursor.number() : null;
  const testId = flags & flagTestId ? cursor.text() : '';
  if (flags & flagTags) cursor.skipTags();
  if (flags & flagMime) cursor.bytes();
  const fileName = flags & flagFile ? cursor.text() : null;
  const content = flags & flagFile ? cursor.bytes() : null;
  const route = flags & flagRoute ? cursor.text() : '';
  if (cursor.isBroken) return null;
  const isTimed = seconds !== null && nanoseconds !== null;
  return {
    status: statuses[flags & 7] ?? 'none',
    testId: testId ?? '',
    route: route ?? '',
    timeMs: isTimed ? seconds * 1_000 + nanoseconds / 1e6 : undefined,
    file: fileName !== null && content !== null ? { name: fileName, content } : null,
  };
}

/** Reads a packet's parts one after another. What goes beyond its end is null, and breaks it. */
class Cursor {
  isBroken = false;
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The first two bits say of how many bytes it is. */
  number(): number | null {
    const first = this.#bytes[this.#at];
    if (first === undefined) return this.#break();
    const length = (first >> 6) + 1;
    const bytes = this.#take(length);
    return bytes === null ? null : bytes.readUIntBE(0, length) % 2 ** (8 * length - 2);
  }

  uint32(): number | null {
    return this.#take(4)?.readUInt32BE(0) ?? null;
  }

  bytes(): Buffer | null {
    const length = this.number();
    return length === null ? null : this.#take(length);
  }

  text(): string | null {
    return this.bytes()?.toString('utf8') ?? null;
  }

  skipTags(): void {
    const count = this.number() ?? 0;
    for (let tag = 0; tag < count && !this.isBroken; tag++) this.bytes();
  }

  #take(length: number): Buffer | null {
    const end = this.#at + length;
    if (end > this.#bytes.length) return this.#break();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  #break(): null {
    this.isBroken = true;
    return null;
  }
}
