import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { outcomeOf } from '../../src/runner/outcome.ts';
import type { StepFacts } from '../../src/runner/outcome.ts';
import { specOf, stepOf } from './test-slot.ts';

const clean: StepFacts = {
  exit: { code: 0, signal: null, hasRun: true },
  hits: { memory: false, processes: false },
  ended: null,
  isLogCut: false,
  wasDiskFull: false,
};

function outcome(facts: Partial<StepFacts>, install = false): string {
  const { result, findings, text } = outcomeOf(
    { ...clean, ...facts },
    stepOf('true', { timeoutMs: 20 * 60_000, silenceMs: 1_500, install }),
    specOf([]).limits,
  );
  return `${result} [${findings.join(', ')}] ${text}`.trim();
}

const exit = (code: number | null, signal: NodeJS.Signals | null = null): StepFacts['exit'] => ({
  code,
  signal,
  hasRun: true,
});
const memory = { memory: true, processes: false };
const processes = { memory: false, processes: true };

describe('outcomeOf', () => {
  const cases: [name: string, facts: Partial<StepFacts>, expected: string][] = [
    ['a clean exit', {}, 'success []'],
    ['an exit code', { exit: exit(3) }, 'failure [] exit code 3'],
    ['a success on a full disk', { wasDiskFull: true }, 'success []'],
    [
      'a failure on a full disk',
      { exit: exit(2), wasDiskFull: true },
      "exception [] the worker's disk was full while it ran: exit code 2",
    ],
    [
      'a step that filled the disk beyond its cap',
      { ended: { by: 'disk-cap' }, wasDiskFull: true },
      'failure [disk-cap] filled more than 1 GiB of disk',
    ],
    ['a signal', { exit: exit(null, 'SIGKILL') }, 'failure [killed-by-signal] killed by SIGKILL'],
    [
      'a shell that saw a signal',
      { exit: exit(139) },
      'failure [killed-by-signal] killed by SIGSEGV',
    ],
    ['an exit code that is no signal', { exit: exit(255) }, 'failure [] exit code 255'],
    [
      'memory',
      { exit: exit(137), hits: memory },
      'failure [out-of-memory] needed more than 1 GiB of memory',
    ],
    [
      'memory that the step got over',
      { hits: memory },
      'warnings [out-of-memory] needed more than 1 GiB of memory',
    ],
    [
      'processes',
      { exit: exit(2), hits: processes },
      'failure [process-cap] more than 200 processes at once',
    ],
    ['a large file', { exit: exit(153) }, 'failure [disk-cap] wrote a file larger than 1 GiB'],
    [
      'a full disk',
      { exit: exit(null, 'SIGKILL'), ended: { by: 'disk-cap' } },
      'failure [disk-cap] filled more than 1 GiB of disk',
    ],
    [
      'time',
      { exit: exit(null, 'SIGKILL'), ended: { by: 'timed-out' } },
      'failure [timed-out] timed out after 20 min',
    ],
    [
      'silence',
      { exit: exit(null, 'SIGKILL'), ended: { by: 'silent' } },
      'failure [silent] printed nothing for 2 s',
    ],
    [
      'a step that ends well as its time is up',
      { ended: { by: 'timed-out' } },
      'failure [timed-out] timed out after 20 min',
    ],
    [
      'a person',
      { exit: exit(null, 'SIGKILL'), ended: { by: 'cancelled', reason: 'ada' } },
      'cancelled [] cancelled: ada',
    ],
    ['a log that was cut', { isLogCut: true }, 'warnings [log-cap] printed more than 1 MiB'],
    [
      'a failure whose log was cut',
      { exit: exit(1), isLogCut: true },
      'failure [log-cap] exit code 1',
    ],
    [
      'a full spool',
      { exit: exit(null, 'SIGKILL'), ended: { by: 'broken', reason: 'no space' } },
      'exception [] no space',
    ],
    [
      'a sandbox that failed',
      { exit: { code: 1, signal: null, hasRun: false } },
      'exception [] the sandbox could not be set up (exit code 1); its words are in the log',
    ],
  ];
  for (const [name, facts, expected] of cases) {
    it(`makes of ${name}: ${expected}`, () => assert.equal(outcome(facts), expected));
  }

  it('adds install-failed to whatever made an install step fail', () => {
    assert.equal(outcome({ exit: exit(1) }, true), 'failure [install-failed] exit code 1');
    assert.equal(
      outcome({ ended: { by: 'silent' } }, true),
      'failure [silent, install-failed] printed nothing for 2 s',
    );
    assert.equal(outcome({}, true), 'success []');
  });
});
