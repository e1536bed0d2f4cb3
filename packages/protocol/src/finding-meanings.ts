import type { Finding } from './words.ts';

/** What each finding means, for people: the sentences of docs/reports.md. */
export const meaningOfFinding: Readonly<Record<Finding, string>> = {
  'report-missing': 'there is no report where one should be, or nothing in it',
  'report-invalid': "it can't be read; the step's text names place and reason",
  'exit-disagrees':
    'exit code 0 with tests that failed, or another one with none and nothing else wrong',
  'plan-mismatch': 'other tests came than the report itself announces: it was cut off',
  'all-skipped': 'no test ran',
  'tests-vanished': 'far fewer tests than in the last green build',
  'skips-jumped': 'far more were skipped than in the last green build',
  'killed-by-signal': 'a signal ended it',
  'out-of-memory': 'it needed more than limits.memory',
  'timed-out': 'it ran for longer than its timeout',
  silent: 'it printed nothing for its silence',
  'log-cap': 'it printed more than limits.log; head and tail are kept',
  'disk-cap': 'it needed more than limits.disk, or wrote a file over limits.file',
  'process-cap': 'it had more than limits.processes',
  'report-cap':
    'the report was too large, or took too long or too much memory: what came before that is counted, but nobody knows what is missing',
  'unexpected-pass': 'a test passed that was expected to fail',
  'install-failed':
    'a step marked install failed, or the steps of a runtime that projects need left no file in $WEIR_RUNTIME',
  'not-packed':
    "the runtime that was built can't be shared: it is over limits.artifact, or holds what can't be packed",
  'runtime-failed': 'the runtime could not be built',
  blocked: 'another project that it needs is broken',
};
