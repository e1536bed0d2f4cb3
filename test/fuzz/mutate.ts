import type { Random } from '../chaos/random.ts';

/** What has broken readers of reports, and of XML, JSON and numbers. */
const tokens = [
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]>',
  '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
  '&d;',
  '&#0;',
  '&#x10FFFF;',
  '&#xD800;',
  '<?xml version="1.1" encoding="utf-16"?>',
  '<testcase name="constructor" status="__proto__">',
  '</testsuite>',
  '<error/>',
  '"',
  '\\u0000',
  '\\ud800',
  '__proto__',
  'constructor',
  'null',
  '\u0000',
  '\u001b[',
  '\r',
  '\n',
  '\ufeff',
  '    ',
  '{\n',
  '}\n',
  '---\n',
  '1..0\n',
  'Bail out!\n',
  'TAP version 14\n',
  '# Subtest: s\n',
  '\nRan 9 tests in 1s\n\nOK\n',
] as const;
const rawTokens = [
  ...tokens.map((token) => Buffer.from(token)),
  Buffer.from([0xff, 0xfe]),
  Buffer.from([0xfe, 0xff]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xc0, 0x80]),
  Buffer.from([0xb3, 0x29, 0x03, 0xbf, 0xff, 0xff]),
  Buffer.from([0xb3, 0x29, 0x06, 0x0c]),
];
const numbers = [
  '-1',
  '0',
  '4294967296',
  '9007199254740993',
  '99999999999999999999999',
  '1e308',
  '-1e308',
  '1e999',
  '0.0000000000001',
  'NaN',
  'Infinity',
  '1,2,3',
  '5000001',
];
/** What opens something, which nests when it is repeated. */
const openers = [
  '<testsuite>',
  '<testcase>',
  '<a b="',
  '[',
  '{"a":',
  '    ',
  '# Subtest: s\n    ',
  '(',
];

type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

/** The sizes that some of these make: seldom large, since those are slow. */
function repeats(random: Random, most: number): number {
  return Math.floor(most ** random.next());
}

function at(bytes: Buffer, random: Random): number {
  return random.whole(0, bytes.length);
}

function spliced(bytes: Buffer, from: number, to: number, put: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(to)]);
}

const flip: Mutation = (bytes, random) => {
  const copy = Buffer.from(bytes);
  const count = repeats(random, 64);
  for (let flips = 0; flips < count && copy.length > 0; flips++) {
    copy[random.whole(0, copy.length - 1)] = random.whole(0, 255);
  }
  return copy;
};
const truncate: Mutation = (bytes, random) => bytes.subarray(0, at(bytes, random));
const behead: Mutation = (bytes, random) => bytes.subarray(at(bytes, random));
const duplicate: Mutation = (bytes, random) => {
  const from = at(bytes, random);
  const part = bytes.subarray(from, from + random.whole(1, 400));
  const most = Math.max(1, Math.floor(4_000_000 / Math.max(1, part.length)));
  return spliced(bytes, from, from, Buffer.alloc(part.length * repeats(random, most), part));
};
const remove: Mutation = (bytes, random) => {
  const from = at(bytes, random);
  return spliced(bytes, from, from + random.whole(1, 100), Buffer.alloc(0));
};
const insert: Mutation = (bytes, random) => {
  const from = at(bytes, random);
  return spliced(bytes, from, from, random.pick(rawTokens));
};
const swapNumber: Mutation = (bytes, random) => {
  const text = bytes.toString('latin1');
  const found = [...text.slice(0, 1_000_000).matchAll(/\d+(?:\.\d+)?/g)];
  if (found.length === 0) return bytes;
  const { 0: number, index } = random.pick(found);
  return spliced(bytes, index, index + number.length, Buffer.from(random.pick(numbers)));
};
const nest: Mutation = (bytes, random) => {
  const from = at(bytes, random);
  return spliced(
    bytes,
    from,
    from,
    Buffer.from(random.pick(openers).repeat(repeats(random, 300_000))),
  );
};
const giantLine: Mutation = (bytes, random) => {
  const from = at(bytes, random);
  const fill = random.pick(['a', ' ', '9', ':', '(', '\t', 'é', '&#1;', '😀', '\u001b[0m']);
  return spliced(bytes, from, from, Buffer.from(fill.repeat(repeats(random, 2_000_000))));
};
const mix: Mutation = (bytes, random, others) => {
  const other = random.pick(others);
  const from = at(other, random);
  return spliced(bytes, at(bytes, random), bytes.length, other.subarray(from));
};
const grow: Mutation = (bytes, random) => {
  const most = Math.max(1, Math.floor(16_000_000 / Math.max(1, bytes.length)));
  return Buffer.alloc(bytes.length * repeats(random, most), bytes);
};

const mutations = [
  flip,
  truncate,
  behead,
  duplicate,
  remove,
  insert,
  swapNumber,
  nest,
  giantLine,
  mix,
  grow,
];

/** A report that is a little, or thoroughly, other than a good one. */
export function mutate(sample: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let bytes = sample;
  const count = random.whole(1, 5);
  for (let done = 0; done < count; done++) bytes = random.pick(mutations)(bytes, random, others);
  return bytes;
}
