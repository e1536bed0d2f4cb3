import { buildTestsSchema } from '@weir/protocol';
import { TestListError } from '../../builds/objects/test-lists.ts';
import { BusyError } from '../../builds/objects/turns.ts';
import { buildById } from '../../store/builds.ts';
import type { WebContext } from '../context.ts';
import { openTests, pageOfTests, testedSteps } from '../read/tests.ts';
import { problem } from '../server/problems.ts';
import { found, idOf } from './asked.ts';
import { door } from './door.ts';
import type { Door } from './door.ts';
import { testsQuery } from './tests-query.ts';

/** What keeps a list of tests from being shown, as the answer to who asked. */
export function asTestsProblem(error: unknown): unknown {
  if (error instanceof TestListError) return problem('no-tests', error.message);
  if (!(error instanceof BusyError)) return error;
  const detail = 'too many look through lists of tests just now: try again in a while';
  return problem('too-many-searches', detail, { headers: { 'retry-after': '30' } });
}

/** What became of each test of a build. */
export function testDoors({ db, tests }: WebContext): Door[] {
  return [
    door({
      path: '/api/v1/builds/{id}/tests',
      summary: 'The tests of one step of a build, and how they differ from the last green build',
      query: testsQuery,
      answer: buildTestsSchema,
      handle: async ({ subject, query }) => {
        const build = idOf(subject, 'build');
        found(await buildById(db, build), 'build', subject);
        const step = (await testedSteps(db, build)).find(
          ({ index }) => query.step === undefined || query.step === index,
        );
        if (step === undefined) throw problem('no-tests', 'no report names the tests of that step');
        try {
          return await tests.inTurn(async () =>
            pageOfTests(await openTests({ db, tests }, build, step), query),
          );
        } catch (error) {
          throw asTestsProblem(error);
        }
      },
    }),
  ];
}
