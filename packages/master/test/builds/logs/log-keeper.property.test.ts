import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { it } from 'mocha';
import { onEachDriver } from './drivers.ts';
import { endOf, keptOf, log, numberedLines, rangesOf, readAll } from './support.ts';
import type { TestLogs } from './test-files.ts';

/** What may happen to one log on its way, besides the next frame that arrives in order. */
const happening = fc.oneof(
  fc.record({ t: fc.constant('next' as const), bytes: fc.integer({ min: 1, max: 9_000 }) }),
  fc.record({ t: fc.constant('again' as const), back: fc.nat(9_000), bytes: fc.nat(9_000) }),
  fc.record({ t: fc.constant('ahead' as const), by: fc.nat(5_000), bytes: fc.nat(5_000) }),
  fc.record({ t: fc.constant('cut' as const), by: fc.nat(20_000), bytes: fc.nat(5_000) }),
  fc.record({ t: fc.constant('restart' as const) }),
  fc.record({ t: fc.constant('wrong' as const), bytes: fc.integer({ min: 1, max: 300 }) }),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

const printed = numberedLines(9_000);

onEachDriver('any log', (open, numRuns) => {
  it('is byte-exact, whatever happens on its way', async function () {
    this.timeout(60_000);
    const cap = fc.constantFrom(1_000_000, 30_000, 3_000, 16);

    const property = fc.asyncProperty(
      fc.array(happening, { maxLength: 40 }),
      cap,
      async (happenings, capBytes) => {
        await using writer = await open(capBytes);
        await bringsItHome(writer, happenings, capBytes);
      },
    );
    await fc.assert(property, { numRuns });
  });
});

async function bringsItHome(
  writer: TestLogs,
  happenings: readonly Happening[],
  capBytes: number,
): Promise<void> {
  const { reader } = writer;
  for (const one of happenings) await happen(writer, one);
  if (happenings.every((one) => one.t !== 'wrong')) {
    const stored = await reader.extent(log);
    assert.deepEqual(await readAll(reader), keptOf(printed, stored.ranges));
  }
  const ranges = rangesOf(printed.length, capBytes);
  const lines = await sendTheRest(writer, ranges);

  const kept = keptOf(printed, ranges);
  assert.deepEqual(await readAll(reader), kept);
  const texts = kept.toString().split('\n');
  if (texts.at(-1) === '') texts.pop();
  assert.equal(lines, texts.length);
  const from = Math.floor(texts.length / 2);
  const some = await reader.lines(log, from, 20);
  assert.deepEqual(
    some.map(({ bytes }) => String(Buffer.from(bytes))),
    texts.slice(from, from + 20),
  );
}

async function happen(writer: TestLogs, one: Happening): Promise<void> {
  if (one.t === 'restart') return writer.restart();
  const at = await writer.position();
  const send = (from: number, bytes: number, afterCut = false) =>
    writer.append(from, Uint8Array.from(printed.subarray(from, from + bytes)), afterCut);
  switch (one.t) {
    case 'next':
      await send(at, one.bytes);
      return;
    case 'again':
      await send(Math.max(0, at - one.back), one.bytes);
      return;
    case 'ahead':
      await send(at + one.by, one.bytes);
      return;
    case 'cut':
      // A spool cuts nothing that it may keep in the end.
      if (at + one.by + 5_000 < printed.length) await send(at + one.by, one.bytes, true);
      return;
    case 'wrong':
      if (at + one.bytes < printed.length) {
        await writer.append(at, Buffer.alloc(one.bytes, '?'), false);
      }
  }
}

/** What a worker does: from where the farm is, or behind the cut, until the farm keeps it. */
async function sendTheRest(writer: TestLogs, ranges: [number, number][]): Promise<number> {
  const tailStart = ranges[1]?.[0] ?? 0;
  const headEnd = ranges.length < 2 ? printed.length : (ranges[0]?.[1] ?? 0);
  let at = await writer.position();
  for (let rewinds = 0; rewinds < 8;) {
    const isInCut = at >= headEnd && at < tailStart;
    const from = isInCut ? tailStart : at;
    const to = from < headEnd ? Math.min(headEnd, from + 7_000) : from + 7_000;
    if (from < printed.length) {
      const bytes = Uint8Array.from(printed.subarray(from, to));
      const answer = await writer.append(from, bytes, isInCut);
      if (answer.t === 'rewind') rewinds++;
      at = answer.offset;
      continue;
    }
    const answer = await writer.finish(endOf(printed, ranges));
    if (answer.t === 'kept') return answer.lines;
    rewinds++;
    at = answer.offset;
  }
  throw new Error('the log does not come home');
}
