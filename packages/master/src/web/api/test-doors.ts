import { buildTestsSchema, maxTestName, testRunSchema } from '@weir/protocol';
import type { ApiTestRun } from '@weir/protocol';
import { z } from 'zod';
import { TestListError } from '../../builds/objects/test-lists.ts';
import { buildById } from '../../store/builds.ts';
import type { WebContext } from '../context.ts';
import { readTestHistory } from '../read/test-history.ts';
import type { TestRun } from '../read/test-history.ts';
import { openTests, pageOfTests, testedSteps, whyUntested } from '../read/tests.ts';
import { problem } from '../server/problems.ts';
import { found, idOf, pageOf, pageQuery } from './asked.ts';
import { door } from './door.ts';
import type { Door } from './door.ts';
import { testsQuery } from './tests-query.ts';

/** Which test: all three name it. */
const historyQuery = pageQuery.extend({
  builder: z.string().max(400),
  step: z.string().max(100),
  name: z.string().max(maxTestName),
});

/** What became of each test of a build, and of one test from build to build. */
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
        if (step === undefined) {
          throw problem('no-tests', await whyUntested(db, build, query.step));
        }
        try {
          return pageOfTests(await openTests({ db, tests }, build, step), query);
        } catch (error) {
          if (error instanceof TestListError) throw problem('no-tests', error.message);
          throw error;
        }
      },
    }),
    door({
      path: '/api/v1/tests',
      summary: 'One test of a step in the builds of a builder that name their tests, newest first',
      query: historyQuery,
      answer: pageOf(testRunSchema),
      handle: async ({ query }) => {
        const runs = await readTestHistory({ db, tests }, query, query);
        const { items, next } = found(runs, 'builder', query.builder);
        return { items: items.map(toTestRun), next };
      },
    }),
  ];
}

function toTestRun({ build, test, text }: TestRun): ApiTestRun {
  if (test === null) return { build, test, text };
  const { outcome, durationMs, attempts, note } = test;
  const message = { message: note?.text ?? '', messageHash: note?.hash ?? null };
  return { build, test: { outcome, durationMs, attempts, ...message }, text };
}
