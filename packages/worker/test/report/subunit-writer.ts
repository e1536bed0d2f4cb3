import { crc32 } from 'node:zlib';

const statuses = ['none', 'exists', 'inprogress', 'success', 'uxsuccess', 'skip', 'fail', 'xfail'];

export interface Packet {
  readonly status?: string;
  readonly id?: string;
  readonly timeMs?: number;
  readonly tags?: readonly string[];
  readonly mime?: string;
  readonly file?: readonly [name: string, content: string];
  readonly route?: string;
}

/** A packet of subunit v2, as its README has it. */
export function packet({ status = 'none', id, timeMs, tags, mime, file, route }: Packet): Buffer {
  let flags = 0x2000 | statuses.indexOf(status);
  const parts: Buffer[] = [];
  const add = (flag: number, ...more: Buffer[]): void => {
    flags |= flag;
    parts.push(...more);
  };
  if (timeMs !== undefined) {
    const seconds = Buffer.alloc(4);
    seconds.writeUInt32BE(Math.floor(timeMs / 1_000));
    add(0x0200, seconds, number((timeMs % 1_000) * 1e6));
  }
  if (id !== undefined) add(0x0800 | 0x0100, text(id));
  if (tags !== undefined) add(0x0080, number(tags.length), ...tags.map(text));
  if (mime !== undefined) add(0x0020, text(mime));
  if (file !== undefined) add(0x0040, ...file.map(text));
  if (route !== undefined) add(0x0400, text(route));
  const body = Buffer.concat(parts);
  return sealed(flags, body);
}

/** Its length counts itself: in one, two or three bytes. */
function sealed(flags: number, body: Buffer): Buffer {
  const rest = 1 + 2 + body.length + 4;
  const lengthBytes = rest + 1 < 64 ? 1 : rest + 2 < 16_384 ? 2 : 3;
  const head = Buffer.from([0xb3, flags >> 8, flags & 0xff]);
  const unsigned = Buffer.concat([head, number(rest + lengthBytes, lengthBytes), body]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(unsigned));
  return Buffer.concat([unsigned, sum]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(
  value: number,
  bytes = value < 64 ? 1 : value < 16_384 ? 2 : value < 4_194_304 ? 3 : 4,
) {
  const encoded = Buffer.alloc(bytes);
  encoded.writeUIntBE((bytes - 1) * 2 ** (8 * bytes - 2) + Math.floor(value), 0, bytes);
  return encoded;
}
