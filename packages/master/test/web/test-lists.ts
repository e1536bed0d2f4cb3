import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { durationBucket, encodeTestNames, encodeTestResults, outcomeCodes } from '@weir/protocol';
import type { StepReport, StoredObject, TestNote, TestOutcome, TestTotals } from '@weir/protocol';
import type { BuildRow } from '../../src/store/builds.ts';
import { finishStep } from '../../src/store/builds.ts';
import { start } from './small-farm.ts';
import type { SmallFarm } from './small-farm.ts';

export interface GivenTest {
  readonly outcome: TestOutcome;
  readonly ms?: number;
  readonly attempts?: number;
  readonly note?: TestNote;
}
export type GivenTests = Readonly<Record<string, TestOutcome | GivenTest>>;

const totalOf = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  'expected-failure': 'expectedFailures',
  'unexpected-pass': 'unexpectedPasses',
} as const;

/** Ends a step of a build with a report of these tests, as its worker would. */
export async function addTests(
  farm: SmallFarm,
  build: Pick<BuildRow, 'id'>,
  tests: GivenTests,
  step = 0,
): Promise<StepReport> {
  const names = Object.keys(tests).toSorted();
  const given = names.map((name): GivenTest => {
    const test = tests[name] ?? 'passed';
    return typeof test === 'string' ? { outcome: test } : test;
  });
  const totals: TestTotals = {
    passed: 0,
    failed: 0,
    skipped: 0,
    expectedFailures: 0,
    unexpectedPasses: 0,
  };
  for (const { outcome } of given) totals[totalOf[outcome]] += 1;
  const results = encodeTestResults({
    outcomes: Uint8Array.from(given, ({ outcome }) => outcomeCodes.indexOf(outcome)),
    durations: Uint8Array.from(given, ({ ms }) => durationBucket(ms)),
    attempts: new Map(
      given.flatMap(({ attempts = 1 }, place) => (attempts > 1 ? [[place, attempts]] : [])),
    ),
    notes: new Map(given.flatMap(({ note }, place) => (note ? [[place, note]] : []))),
  });
  const report: StepReport = {
    format: 'junit',
    state: 'read',
    text: '',
    totals,
    durationMs: 1_234,
    mismatch: null,
    named: names.flatMap((name, place) => {
      const { outcome, note } = given[place] ?? { outcome: 'passed' };
      return outcome === 'failed' ? [{ name, outcome, message: note?.text ?? '' }] : [];
    }),
    tests: {
      names: addObject(farm, encodeTestNames(names)),
      results: addObject(farm, results),
    },
  };
  const end = { result: 'success', findings: [], exitCode: 0, signal: null, text: '' } as const;
  await farm.store.unit((db) =>
    finishStep(db, build.id, step, { ...end, report, at: start + 60_000 }),
  );
  return report;
}

/** Stores bytes as an object of the farm, packed. */
export function addObject({ storePath }: SmallFarm, content: Uint8Array): StoredObject {
  const packed = zstdCompressSync(content);
  const sha256 = createHash('sha256').update(packed).digest('hex');
  const folder = join(dirname(storePath), 'objects', sha256.slice(0, 2));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, sha256), packed);
  return { sha256, bytes: packed.length };
}
