import { maxExpectedFailures } from '@weir/protocol';
import { listOf } from './collections.ts';
import { percent } from './quantities.ts';
import { option, orBlank, required, section } from './section.ts';
import { misfit, textType } from './text-type.ts';
import { line } from './texts.ts';

export const testsOptions = {
  'may-vanish': option(
    percent,
    '10%',
    'So many of the tests that the last green build had may be gone. With more the step fails, `tests-vanished`; a single one may always go.',
  ),
  'may-skip': option(
    percent,
    '10%',
    'So many more tests may be skipped than in the last green build, in percent of all that it had. With more the step fails, `skips-jumped`.',
  ),
};

/** The option `tests` of an upstream and a project. */
export const tests = orBlank(
  section(testsOptions),
  'all defaults',
  "What a suite may lose from one build to the next, by its steps' reports.",
);

const issue = textType<string>(
  'the address of an issue, such as https://github.com/o/r/issues/7',
  '',
  (text) => {
    const isAddress = text.length <= 500 && /^https?:\/\//.test(text) && URL.canParse(text);
    return isAddress && new URL(text).username === '' ? { value: text } : misfit();
  },
);

const day = textType<string>('a day such as 2027-01-31', '', (text) => {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  // 2027-02-31 would be taken for a day in March.
  return isDay && new Date(text).toISOString().startsWith(text) ? { value: text } : misfit();
});

export const expectedFailureOptions = {
  test: required(line(300), "The test's name, as its report has it; `*` is any run of characters."),
  issue: required(issue, 'Where that is being dealt with.'),
  until: required(
    day,
    'The last day, in UTC, on which it is expected. After it, it is a failure like any other.',
  ),
};

/** The option `expected-failures` of a project. */
export const expectedFailures = orBlank(
  listOf(section(expectedFailureOptions), 'expected failures, each with test, issue and until', {
    max: maxExpectedFailures,
  }),
  'none',
  'Tests that are known to fail. A step in which only these fail passes, whatever its exit code; when all of one entry pass it has a warning, `unexpected-pass`. For reports that name their tests.',
);
