import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { bucketMs, decodeTestNames, decodeTestResults, outcomeCodes } from '@weir/protocol';
import type { ReportFormat, StepReport, TestOutcome } from '@weir/protocol';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readReport } from '../../src/report/read-report.ts';
import type { TestCase } from '../../src/report/tally.ts';
import type { EncodedTests } from '../../src/report/test-list.ts';
import { TestList } from '../../src/report/test-list.ts';

interface Read {
  readonly outcome: TestOutcome | undefined;
  readonly ms: number | null;
  readonly attempts: number;
  readonly text: string | undefined;
  readonly hash: string | undefined;
}

function decoded({ names, results }: EncodedTests): Map<string, Read> {
  const { outcomes, durations, attempts, notes } = decodeTestResults(results);
  return new Map(
    decodeTestNames(names).map((name, place) => [
      name,
      {
        outcome: outcomeCodes[outcomes[place] ?? -1],
        ms: bucketMs(durations[place] ?? 0),
        attempts: attempts.get(place) ?? 1,
        text: notes.get(place)?.text,
        hash: notes.get(place)?.hash,
      },
    ]),
  );
}

function listOf(tests: readonly TestCase[]): Map<string, Read> {
  const list = new TestList();
  for (const test of tests) list.add(test);
  const encoded = list.encode(tests.length);
  assert.ok(encoded, 'all tests have names');
  return decoded(encoded);
}

const passed = (name: string): TestCase => ({ name, outcome: 'passed' });

describe('the list of all tests', () => {
  it('knows of each test its outcome, duration, tries and first words', () => {
    const tests = listOf([
      { name: 'z', outcome: 'passed', durationMs: 1_000, message: 'a pass says nothing' },
      { name: 'a', outcome: 'failed', durationMs: 0, attempt: 3, message: ' at /tmp/x/f.c:7\n' },
      { name: 'b', outcome: 'failed', message: 'at /var/f.c:9' },
      { name: 'c', outcome: 'skipped' },
    ]);

    assert.deepEqual([...tests.keys()], ['a', 'b', 'c', 'z']);
    const [a, b] = [tests.get('a'), tests.get('b')];
    assert.deepEqual(
      [a?.outcome, a?.ms, a?.attempts, a?.text],
      ['failed', 0, 3, 'at /tmp/x/f.c:7'],
    );
    assert.equal(a?.hash, b?.hash, 'the same failure elsewhere');
    assert.match(a?.hash ?? '', /^[\da-f]{16}$/);
    assert.equal(tests.get('c')?.text, undefined);
    const z = tests.get('z');
    assert.deepEqual([z?.outcome, z?.attempts, z?.text], ['passed', 1, undefined]);
    assert.ok(Math.abs((z?.ms ?? 0) - 1_000) < 150);
  });

  it('numbers tests of one name in the order in which they came', () => {
    const tests = listOf([
      { name: 'a', outcome: 'passed' },
      { name: 'a', outcome: 'failed' },
      { name: 'a #2', outcome: 'skipped' },
      { name: 'a', outcome: 'expected-failure' },
    ]);

    const outcomes = [...tests].map(([name, { outcome }]) => [name, outcome]);
    assert.deepEqual(outcomes, [
      ['a', 'passed'],
      ['a #2', 'skipped'],
      ['a #3', 'failed'],
      ['a #4', 'expected-failure'],
    ]);
  });

  it('has the same names whatever came of the tests, in whatever order', () => {
    const names = fc.array(fc.string({ unit: 'binary', maxLength: 8 }), { minLength: 1 });

    fc.assert(
      fc.property(names, (list) => {
        const forward = new TestList();
        const backward = new TestList();
        for (const name of list) forward.add(passed(name));
        for (const name of list.toReversed()) backward.add({ name, outcome: 'failed' });

        const [a, b] = [forward.encode(list.length), backward.encode(list.length)];
        assert.deepEqual(a?.names, b?.names);
        assert.equal(decodeTestNames(a?.names ?? new Uint8Array()).length, list.length);
      }),
    );
  });

  it('takes any name', () => {
    const long = 'n'.repeat(1_000);
    const names = ['', 'a\nb', '\ud800', long, `${long}1`];

    const tests = listOf(names.map(passed));

    assert.deepEqual(
      [...tests.keys()].map((name) => name.slice(0, 18)),
      ['(without a name)', 'a b', 'n'.repeat(18), 'n'.repeat(18), '\ufffd'],
    );
  });

  it('keeps the hashes of messages for whose text there is no room', () => {
    const tests = listOf(
      Array.from({ length: 5_000 }, (_, n) => ({
        name: `t${n}`,
        outcome: 'failed' as const,
        message: `${n % 4_000} is ${'wrong '.repeat(80)}`,
      })),
    );

    const first = tests.get('t0');
    const last = tests.get('t3999');
    assert.match(first?.text ?? '', /^0 is wrong/);
    assert.equal(last?.text, '');
    assert.match(last?.hash ?? '', /^[\da-f]{16}$/);
    assert.equal(tests.get('t4000')?.hash, first?.hash);
  });

  it('is none where there are more tests than can be kept, or not all have names', () => {
    const list = new TestList();
    for (let n = 0; n <= 1_000_000; n++) list.add(passed('t'));

    assert.equal(list.encode(1_000_001), null);
    assert.equal(new TestList().encode(0), null);
    assert.equal(new TestList().encode(2), null);
  });
});

describe('a report', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-report-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function read(format: ReportFormat, text: string): StepReport {
    writeFileSync(join(dir, 'report'), text);
    const objects = join(dir, 'objects');
    const spec = { format, files: ['report'] };
    return readReport({ spec, workspace: dir, spool: '', objects, maxBytes: 1_000_000 });
  }

  it('leaves its tests as two files, each named by its hash', () => {
    const report = read('tap', '1..2\nok 1 - one\nnot ok 2 - two\n');

    const { names, results } = report.tests ?? {};
    assert.ok(names && results);
    const files = [names, results].map(({ sha256, bytes }) => {
      const file = readFileSync(join(dir, 'objects', sha256));
      assert.equal(file.length, bytes);
      assert.equal(createHash('sha256').update(file).digest('hex'), sha256);
      return zstdDecompressSync(file);
    });
    const [a = Buffer.alloc(0), b = Buffer.alloc(0)] = files;
    const outcomes = [...decoded({ names: a, results: b })].map(([name, test]) => [
      name,
      test.outcome,
    ]);
    assert.deepEqual(outcomes, [
      ['one', 'passed'],
      ['two', 'failed'],
    ]);
  });

  it('leaves the same file of names while no test comes or goes', () => {
    const before = read('tap', '1..2\nok 1 - one\nok 2 - two\n');
    const after = read('tap', '1..2\nnot ok 1 - two\nok 2 - one # SKIP now\n');

    assert.deepEqual(before.tests?.names, after.tests?.names);
    assert.equal(readdirSync(join(dir, 'objects')).length, 3);
  });

  it('leaves none when it names not all tests, or was not read to its end', () => {
    assert.equal(read('mocha', '  2 passing (1s)\n').tests, undefined);
    assert.equal(read('junit', '<testsuite><testcase name="a"/>').tests, undefined);
  });
});
