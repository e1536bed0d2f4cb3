import { percent } from './quantities.ts';
import { option, orBlank, section } from './section.ts';

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
