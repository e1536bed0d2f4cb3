import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  differencesOfMachine,
  differencesOfResult,
  findingsNotTried,
} from '../../src/reproduce/compare.ts';
import type { Ran } from '../../src/reproduce/farm-build.ts';

type Step = Ran['steps'][number];

function stepOf(more: Partial<Step> = {}): Step {
  return { name: 'test', result: 'success', findings: [], text: '', report: null, ...more };
}

/** A build of one step, which ends as the step does. */
function ran(step: Partial<Step> = {}): Ran {
  const { result, findings, text } = stepOf(step);
  return { result, findings, text, steps: [stepOf(step)], environment: {} };
}

function reportOf(...failed: string[]): NonNullable<Step['report']> {
  return {
    totals: {
      passed: 5,
      failed: failed.length,
      skipped: 0,
      expectedFailures: 0,
      unexpectedPasses: 0,
    },
    named: failed.slice(0, 20).map((name) => ({ name, outcome: 'failed', message: '' })),
  };
}

const lost: Partial<Step> = { result: 'failure', findings: ['tests-vanished'], exitCode: 0 };

describe('a result', () => {
  it('came again when every step has the same result and findings, whatever the texts say', () => {
    const farm = ran({
      result: 'failure',
      findings: ['silent'],
      text: 'printed nothing for 20 min',
    });
    const here = ran({
      result: 'failure',
      findings: ['silent'],
      text: 'printed nothing for 1 min',
    });

    assert.deepEqual(differencesOfResult(farm, here), []);
  });

  it('did not come again when a step ends otherwise', () => {
    const farm = ran({ result: 'failure', text: 'exit code 1' });
    const here = ran({ result: 'failure', findings: ['out-of-memory'] });

    assert.deepEqual(differencesOfResult(farm, here), [
      { about: 'test', text: 'failure (exit code 1) there, failure (out-of-memory) here' },
    ]);
  });

  it('did not come again when the build alone ends otherwise', () => {
    const farm = { ...ran(), result: 'failure', text: 'a link out' } as const;

    assert.deepEqual(differencesOfResult(farm, ran()), [
      { about: 'build', text: 'failure (a link out) there, success here' },
    ]);
  });

  it('did not come again when a test fails no more, though others do', () => {
    const farm = ran({ result: 'failure', report: reportOf('a', 'b') });
    const here = ran({ result: 'failure', report: reportOf('b', 'c') });

    assert.deepEqual(differencesOfResult(farm, here), [
      { about: 'test', text: 'did not fail here: a' },
    ]);
    assert.deepEqual(
      differencesOfResult(here, ran({ ...here.steps[0], report: reportOf('a', 'b', 'c') })),
      [],
    );
  });

  it('is not judged by names where more tests fail than are named', () => {
    const many = Array.from({ length: 30 }, (_, index) => `t${index}`);
    const farm = ran({ result: 'failure', report: reportOf('t29') });

    assert.deepEqual(
      differencesOfResult(farm, ran({ result: 'failure', report: reportOf(...many) })),
      [],
    );
  });

  it('came again but for what the farm alone can find, where as many tests ran', () => {
    const farm = ran({ ...lost, report: reportOf() });
    const same = ran({ exitCode: 0, report: reportOf() });

    assert.deepEqual(differencesOfResult(farm, same), []);
    assert.deepEqual(findingsNotTried(farm, same), [
      {
        about: 'tests-vanished',
        text: 'compares with the builds before, which the farm alone has',
      },
      { about: 'test', text: '5 tests, 0 skipped there, 5 tests, 0 skipped here' },
    ]);
  });

  it('did not come again where another number of tests ran than where the farm missed some', () => {
    const whole = reportOf();
    const more = { ...whole, totals: { ...whole.totals, passed: 10 } };

    assert.deepEqual(
      differencesOfResult(ran({ ...lost, report: whole }), ran({ exitCode: 0, report: more })),
      [{ about: 'test', text: '5 tests, 0 skipped there, 10 tests, 0 skipped here' }],
    );
    assert.equal(
      differencesOfResult(ran({ ...lost, exitCode: 1 }), ran({ exitCode: 0 })).length,
      1,
    );
  });
});

describe('a machine', () => {
  it('differs in what both say of it', () => {
    const farm = { kernel: 'Linux 6.1', cpu: 'x', old: '1' };

    assert.deepEqual(differencesOfMachine(farm, { kernel: 'Linux 6.8', cpu: 'x', young: '2' }), [
      { about: 'kernel', text: 'Linux 6.1 there, Linux 6.8 here' },
    ]);
  });

  it('is the same whose disk and network were slower', () => {
    const farm = { cpu: 'x', 'checkout and runtime': '0.1 s' };

    assert.deepEqual(differencesOfMachine(farm, { cpu: 'x', 'checkout and runtime': '0.3 s' }), []);
  });

  it('is unknown where the farm says nothing of it', () => {
    assert.equal(differencesOfMachine({}, { cpu: 'x' }).length, 1);
  });
});
