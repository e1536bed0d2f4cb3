import type { TestOutcome } from '@weir/protocol';
import { SubunitPackets } from './subunit-packets.ts';
import type { SubunitPacket, SubunitStatus } from './subunit-packets.ts';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

/** Of so many tests at a time it is known when they began, and what they said. */
const maxOpen = 100_000;
/** So many tests that were listed are waited for. */
const maxListed = 500_000;
/** So much of what a test said is kept, for its first words. */
const maxMessage = 4_000;
/** The attachments in which Python's testtools and unittest say why. */
const telling = /^(?:traceback|reason)/;

const outcomes: Readonly<Partial<Record<SubunitStatus, TestOutcome>>> = {
  success: 'passed',
  fail: 'failed',
  skip: 'skipped',
  xfail: 'expected-failure',
  uxsuccess: 'unexpected-pass',
};

interface OpenTest {
  readonly name: string;
  startMs: number | undefined;
  isRunning: boolean;
  message: string;
}

/**
 * Reads subunit v2 (<https://github.com/testing-cabal/subunit>), as `stestr last --subunit` or
 * `python -m subunit.run` write it, among any other output. A test that began and did not end has
 * failed; one that was listed and never ran is a mismatch.
 *
 * @throws ReportError when there is none in it, or most of it is damaged
 */
export function readSubunit(pieces: Iterable<Buffer>, tally: Tally): void {
  const packets = new SubunitPackets();
  const reader = new SubunitReader(tally);
  for (const piece of pieces) {
    for (const packet of packets.take(piece)) reader.take(packet);
  }
  for (const packet of packets.end()) reader.take(packet);
  reader.end(packets.damaged);
}

class SubunitReader {
  readonly #tally: Tally;
  /** Tests that have not ended, by route and id. */
  readonly #open = new Map<string, OpenTest>();
  readonly #listed = new Set<string>();
  #packets = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  take({ status, testId, route, timeMs, file }: SubunitPacket): void {
    this.#packets += 1;
    if (timeMs !== undefined) {
      this.#firstMs = Math.min(this.#firstMs, timeMs);
      this.#lastMs = Math.max(this.#lastMs, timeMs);
    }
    if (testId === '') return;
    if (status === 'exists') {
      if (this.#listed.size < maxListed) this.#listed.add(testId);
      return;
    }
    const key = `${route}\n${testId}`;
    const open = this.#openTest(key, testId);
    if (file !== null && telling.test(file.name) && open.message.length < maxMessage) {
      open.message += file.content.toString('utf8', 0, maxMessage);
    }
    if (status === 'inprogress') {
      open.isRunning = true;
      open.startMs ??= timeMs;
    }
    const outcome = outcomes[status];
    if (outcome === undefined) return;
    this.#open.delete(key);
    this.#end(open, outcome, timeMs);
  }

  end(damaged: number): void {
    if (this.#packets === 0) {
      throw new ReportError('missing', 'there is no subunit v2 in it');
    }
    for (const open of this.#open.values()) {
      if (!open.isRunning) continue;
      this.#tally.differs(`${open.name} began, and did not end`);
      this.#end({ ...open, message: open.message || 'it began, and did not end' }, 'failed');
    }
    const [never] = this.#listed;
    if (never !== undefined) {
      this.#tally.differs(`${this.#listed.size} tests were listed and never ran, as ${never}`);
    }
    if (damaged > 0) this.#tally.differs(`it is damaged in ${damaged} places`);
    this.#tally.addDuration(this.#lastMs - this.#firstMs);
  }

  #openTest(key: string, name: string): OpenTest {
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const open = { name, startMs: undefined, isRunning: false, message: '' };
    if (this.#open.size < maxOpen) this.#open.set(key, open);
    return open;
  }

  #end({ name, startMs, message }: OpenTest, outcome: TestOutcome, timeMs?: number): void {
    this.#listed.delete(name);
    const isTimed = startMs !== undefined && timeMs !== undefined;
    this.#tally.add({
      name,
      outcome,
      durationMs: isTimed ? timeMs - startMs : undefined,
      message,
    });
  }
}
