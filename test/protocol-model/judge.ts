import assert from 'node:assert/strict';
import type { FarmMessage, JournalEntry, Range } from '@weir/protocol';
import { readLogFiles } from '../../packages/master/src/builds/logs/log-files.ts';
import type { LogReader } from '../../packages/master/src/builds/logs/reader.ts';
import type { Facts, StepFact } from './facts.ts';
import type { Ledger, LedgerBuild } from './ledger.ts';
import { reattachWithinMs } from './template.ts';

const endings = new Set(['build.finished', 'build.lost', 'build.cancelled', 'request.cancelled']);

/**
 * Holds what the farm says and stores against what really happened on the machines. It looks at
 * committed rows, at the frames that the farm sends, and at what becomes of a slot's files.
 */
export class Judge {
  readonly #facts: Facts;
  readonly #ledger: Ledger;
  readonly #logDir: string;
  readonly #now: () => number;
  readonly #results = new Map<number, string>();
  /** Log bytes that the farm has acknowledged, by build and step. */
  readonly #acknowledged = new Map<string, number>();
  /** Builds of which the farm has acknowledged anything. */
  readonly #heardOf = new Set<number>();
  /** When the farm last heard a worker, by its name. */
  readonly heardAt = new Map<string, number>();
  /** The build that was cancelled, by request. */
  readonly #cancelled = new Map<number, number>();
  #lastEvent = 0;

  constructor(from: { facts: Facts; ledger: Ledger; logDir: string; now: () => number }) {
    this.#facts = from.facts;
    this.#ledger = from.ledger;
    this.#logDir = from.logDir;
    this.#now = from.now;
  }

  /** A message leaves the farm: what it promises is committed. */
  said(message: FarmMessage): void {
    if (message.t === 'ack') this.#acknowledges(message);
    else if (message.t === 'confirmed') this.#confirms(message.build);
    else if (message.t === 'rewind') this.#goesBack(message.build, [message.log]);
    else if (message.t === 'welcome') {
      for (const { build, action, logs } of message.builds) {
        if (action !== 'abort') this.#goesBack(build, logs);
      }
    }
  }

  /** A person was told that a build is being cancelled: its request must not be built again. */
  cancelled({ id, request }: { id: number; request: number }): void {
    this.#cancelled.set(request, id);
  }

  /** What was acknowledged and not synced may be asked for again. */
  powerWasCut(): void {
    this.#acknowledged.clear();
  }

  #acknowledges({ build, entries, log }: Extract<FarmMessage, { t: 'ack' }>): void {
    const row = this.#facts.build(build);
    this.#heardOf.add(build);
    if (entries !== undefined) {
      assert.ok(
        (row?.entries ?? 0) >= entries,
        `build ${build}: ${entries} entries are acknowledged, ${row?.entries} are stored`,
      );
    }
    if (log === undefined) return;
    const step = this.#facts.steps(build)[log.step];
    const end = step === undefined ? 0 : this.#facts.logEnd(step.log, step.file);
    assert.ok(
      end >= log.offset,
      `build ${build}: log bytes to ${log.offset} are acknowledged, those to ${end} are stored`,
    );
    const key = `${build}/${log.step}`;
    this.#acknowledged.set(key, Math.max(this.#acknowledged.get(key) ?? 0, log.offset));
  }

  #goesBack(build: number, logs: readonly { step: number; offset: number }[]): void {
    for (const { step, offset } of logs) {
      const acknowledged = this.#acknowledged.get(`${build}/${step}`) ?? 0;
      assert.ok(
        offset >= acknowledged,
        `build ${build}: asked for log bytes from ${offset}, ${acknowledged} were acknowledged`,
      );
    }
  }

  #confirms(build: number): void {
    const row = this.#facts.build(build);
    const isWhole = row?.result === 'lost' ? row.late !== null : row?.state === 'finished';
    assert.ok(isWhole, `build ${build} is confirmed, and not stored: ${JSON.stringify(row)}`);
  }

  /** A slot's files are about to go. */
  dropped(build: LedgerBuild, why: 'forget' | 'abort'): void {
    const row = this.#facts.build(build.id);
    if (row === undefined) {
      // That an offer was accepted is stored with the first word of it: until then it can be taken back.
      assert.equal(why, 'abort', `build ${build.id} is to be forgotten, and was never stored`);
      assert.ok(!this.#heardOf.has(build.id), `the farm has forgotten build ${build.id}`);
      return;
    }
    assert.equal(row.state, 'finished', `build ${build.id} is to be dropped, and goes on`);
    if (why === 'forget') this.#isStored(build);
  }

  #isStored(build: LedgerBuild): void {
    const row = this.#facts.build(build.id);
    const result = row?.result === 'lost' ? lateResult(row.late) : row?.result;
    assert.equal(result, build.result, `the result of build ${build.id}`);
    for (const step of this.#facts.steps(build.id)) this.#isStepStored(build, step);
  }

  #isStepStored({ id, journal, printed }: LedgerBuild, row: StepFact): void {
    const end = journal.find((entry) => entry.t === 'log-finished' && entry.step === row.step);
    if (end?.t !== 'log-finished') return;
    assert.equal(row.finished, 1, `log ${row.step} of build ${id} is finished`);
    const kept = keptOf(printed[row.step] ?? Buffer.alloc(0), end.ranges);
    this.#logChecks.push(async (reader) => {
      const pieces: Uint8Array[] = [];
      for await (const bytes of reader.read({ id: row.log, file: row.file })) pieces.push(bytes);
      const isExact = Buffer.concat(pieces).equals(kept);
      assert.ok(isExact, `log ${row.step} of build ${id} is not what was printed`);
    });
  }

  readonly #logChecks: ((reader: LogReader) => Promise<void>)[] = [];

  /** What must hold at every moment. */
  async always(): Promise<void> {
    this.#eventsHaveNoGap();
    const builds = this.#facts.builds();
    const open = builds.filter(({ state }) => state !== 'finished');
    for (const request of this.#facts.requests()) {
      const count = open.filter((build) => build.request === request.id).length;
      assert.equal(
        count,
        request.state === 'claimed' ? 1 : 0,
        `open builds of request ${request.id}, which is ${request.state}`,
      );
    }
    for (const { id, request, state, entries, result, text, worker, epoch } of builds) {
      assert.ok(id <= (this.#cancelled.get(request) ?? id), `request ${request} was cancelled`);
      const known = this.#results.get(id);
      if (state === 'finished') {
        this.#results.set(id, known ?? `${result}: ${text}`);
        assert.equal(`${result}: ${text}`, known ?? `${result}: ${text}`, `result of build ${id}`);
        if (known === undefined && result === 'lost') this.#isRightlyLost(id, worker, text);
      } else {
        assert.equal(known, undefined, `build ${id} had ended, and is open`);
      }
      assert.ok(epoch >= 1);
      this.#isApplied(id, entries);
    }
    if (this.#logChecks.length === 0) return;
    using reader = readLogFiles(this.#logDir);
    for (const check of this.#logChecks.splice(0)) await check(reader);
  }

  #eventsHaveNoGap(): void {
    const { first, last, count } = this.#facts.eventNumbers();
    assert.equal(last - first + 1, count, 'event numbers have a gap');
    assert.ok(last >= this.#lastEvent, 'an event went away');
    this.#lastEvent = last;
  }

  #isRightlyLost(id: number, worker: string, text: string): void {
    const build = this.#ledger.builds.get(id);
    const silence = this.#now() - (this.heardAt.get(worker) ?? 0);
    if (build === undefined || build.state === 'killed' || build.state === 'dropped') return;
    assert.ok(
      silence >= reattachWithinMs,
      `build ${id} is lost (${text}), and its worker was heard ${silence} ms ago`,
    );
  }

  /** The rows say what the journal's first `entries` say. */
  #isApplied(id: number, entries: number): void {
    const journal = this.#ledger.builds.get(id)?.journal ?? [];
    assert.ok(entries <= journal.length, `build ${id} has ${entries} of ${journal.length} entries`);
    const applied = journal.slice(0, entries);
    for (const { step, started, result, finished } of this.#facts.steps(id)) {
      const of = (t: JournalEntry['t']): JournalEntry | undefined =>
        applied.find((entry) => entry.t === t && 'step' in entry && entry.step === step);
      const end = of('step-finished');
      if (end?.t === 'step-finished') assert.equal(result, end.result, `step ${step} of ${id}`);
      assert.equal(started, of('step-started') ? 1 : 0, `start of step ${step} of build ${id}`);
      assert.equal(finished, of('log-finished') ? 1 : 0, `log of step ${step} of build ${id}`);
    }
  }

  /** What must hold when all has come to its end. */
  async atEnd(): Promise<void> {
    const events = this.#facts.events();
    for (const { id, state, result } of this.#facts.requests()) {
      assert.notEqual(result, null, `request ${id} is ${state} and has no result`);
      const ends = events.filter(({ kind, subject, data }) => {
        const { request, retried } = JSON.parse(data) as { request?: number; retried?: boolean };
        const isOfIt = request === id || subject === `request/${id}`;
        return isOfIt && endings.has(kind) && retried !== true;
      });
      assert.equal(ends.length, 1, `ends of request ${id}: ${JSON.stringify(ends)}`);
    }
    for (const build of this.#ledger.builds.values()) {
      const row = this.#facts.build(build.id);
      if (build.state === 'killed') continue;
      assert.equal(build.state, 'dropped', `build ${build.id} is left behind on its worker`);
      if (row?.result === 'lost') {
        assert.notEqual(row.late, null, `what came late of build ${build.id} is not kept`);
      }
      // The farm ends what a person wants ended, or what it never heard of, and has no use for its rest.
      if (row !== undefined && row.result !== 'cancelled') this.#isStored(build);
    }
    await this.always();
  }
}

function lateResult(late: string | null): string | undefined {
  return late === null ? undefined : (JSON.parse(late) as { result: string }).result;
}

function keptOf(printed: Buffer, ranges: readonly Range[]): Buffer {
  return Buffer.concat(ranges.map(([from, to]) => printed.subarray(from, to)));
}
