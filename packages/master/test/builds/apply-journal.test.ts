import assert from 'node:assert/strict';
import type { JournalEntry, StepReport } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { applyJournal } from '../../src/builds/apply-journal.ts';
import type { LiveBuild } from '../../src/builds/live-build.ts';
import { loadBuilds } from '../../src/builds/load-builds.ts';
import type { BuildRow } from '../../src/store/builds.ts';
import { buildById } from '../../src/store/builds.ts';
import { acceptCounts } from '../../src/store/tests.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  projectBuilder,
  start,
  startSmallFarm,
} from '../web/small-farm.ts';
import type { SmallFarm } from '../web/small-farm.ts';
import { addTests } from '../web/test-lists.ts';

function suite(count: number): Record<string, 'passed'> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`t${n}`, 'passed']));
}

describe("a build's journal", () => {
  let farm: SmallFarm;
  let worker: number;

  beforeEach(async () => {
    farm = await startSmallFarm();
    for (let position = 1; position <= 3; position++) await addChange(farm, 'lua/master');
    worker = await addWorker(farm, 'w1');
    const request = await addRequest(farm, projectBuilder, { upstream: 2 });
    const { build } = await addBuild(farm, request, worker);
    await addTests(farm, build, suite(30));
    await endBuild(farm, build);
  });
  afterEach(() => farm?.[Symbol.asyncDispose]());

  async function begun(upstream = 3): Promise<BuildRow> {
    const request = await addRequest(farm, projectBuilder, { upstream });
    const { build } = await addBuild(farm, request, worker);
    return build;
  }

  /** What an engine has in memory that was just started. */
  async function live({ id }: Pick<BuildRow, 'id'>): Promise<LiveBuild> {
    const row = await buildById(farm.store.read, id);
    assert.ok(row);
    const [build] = await loadBuilds(farm.store.read, [row]);
    assert.ok(build);
    return build;
  }

  function apply(build: LiveBuild, entries: readonly JournalEntry[]) {
    const tests = { mayVanishPercent: 10, maySkipPercent: 10, known: [] };
    const known = { lines: new Map(), maxAttempts: 3, tests, at: start };
    return farm.store.unit((db) => applyJournal(db, build, entries, known));
  }

  const totals = { failed: 0, skipped: 0, expectedFailures: 0, unexpectedPasses: 0 };

  function stepEnd(n: number, passed: number): JournalEntry {
    const report: StepReport = {
      format: 'tap',
      state: 'read',
      text: '',
      totals: { ...totals, passed },
      durationMs: null,
      mismatch: null,
      named: [],
    };
    const end = { result: 'success', exitCode: 0, signal: null, text: '' } as const;
    return { t: 'step-finished', n, at: start, step: 0, ...end, findings: [], report };
  }

  function buildEnd(n: number): JournalEntry {
    const end = { result: 'success', text: '', environment: {} } as const;
    return { t: 'build-finished', n, at: start, ...end, findings: [] };
  }

  const gone = 'test: 10 tests where #1 had 30 (may-vanish allows 10 %)';

  async function endOf(build: Pick<BuildRow, 'id'>): Promise<unknown[]> {
    const row = await buildById(farm.store.read, build.id);
    return [row?.result, JSON.parse(row?.findings_json ?? ''), row?.text];
  }

  it('fails a build that lost tests, in words, though its worker saw none of it', async () => {
    const build = await begun();

    await apply(await live(build), [stepEnd(1, 10), buildEnd(2)]);

    assert.deepEqual(await endOf(build), ['failure', ['tests-vanished'], gone]);
  });

  it('says so as well when the engine was started anew in between', async () => {
    const build = await begun();

    await apply(await live(build), [stepEnd(1, 10)]);
    await apply(await live(build), [buildEnd(2)]);

    assert.deepEqual(await endOf(build), ['failure', ['tests-vanished'], gone]);
  });

  it('judges no build of older commits than the last green one: its suite was another', async () => {
    const build = await begun(1);

    await apply(await live(build), [stepEnd(1, 10), buildEnd(2)]);

    assert.deepEqual(await endOf(build), ['success', [], '']);
  });

  it('is held against an accepted count, until a newer build is green', async () => {
    const lost = await begun();
    await apply(await live(lost), [stepEnd(1, 10), buildEnd(2)]);
    const accept = () => farm.store.unit((db) => acceptCounts(db, lost.builder_id, lost.id));

    assert.deepEqual([await accept(), await accept()], [true, false]);

    const same = await begun();
    await apply(await live(same), [stepEnd(1, 10), buildEnd(2)]);
    assert.deepEqual(await endOf(same), ['success', [], '']);
    const fewer = await begun();
    await apply(await live(fewer), [stepEnd(1, 5), buildEnd(2)]);
    const text = `test: 5 tests where #${same.number} had 10 (may-vanish allows 10 %)`;
    assert.deepEqual(await endOf(fewer), ['failure', ['tests-vanished'], text]);
    assert.equal(await accept(), false, 'it is older than the last green build');
  });
});
