import { Router } from 'express';
import type { Request } from 'express';
import { TestListError } from '../../builds/objects/test-lists.ts';
import { parseAsked } from '../api/asked.ts';
import { testsQuery } from '../api/tests-query.ts';
import type { WebContext } from '../context.ts';
import { buildSummaryList } from '../read/summaries.ts';
import { readTestHistory } from '../read/test-history.ts';
import { openTests, pageOfTests, testedSteps, whyUntested } from '../read/tests.ts';
import { problem } from '../server/problems.ts';
import { numberOf } from './params.ts';
import { showToAll } from './show.ts';
import { testHistoryPage } from './test-history.ts';
import { testsPage } from './tests.ts';
import type { TestsView } from './tests.ts';
import { one } from './waterfall-ask.ts';

/** So many changes are shown before the list of all tests. */
const changesShown = 50;
/** So many builds are shown of a test's history. */
const runsShown = 50;

/** The tests of a build, and one of them over a builder's last builds. */
export function testRoutes(context: WebContext): Router {
  const router = Router();
  router.get(
    '/builds/:id/tests',
    showToAll(context, async (_, request) => {
      const view = await readView(context, request);
      const { builder, number } = view.build;
      return { title: `Tests of ${builder} #${number}`, content: testsPage(view) };
    }),
  );
  router.get(
    '/tests',
    showToAll(context, async (visit, request) => {
      const [builder, step, name] = ['builder', 'step', 'name'].map((key) => one(request, key));
      if (builder === undefined || step === undefined || name === undefined) {
        throw problem('bad-query', 'a test is named by builder, step and name');
      }
      const address = { builder, step, name };
      const page = await readTestHistory(context, address, { limit: runsShown });
      return { title: name, content: testHistoryPage(visit, address, page?.items ?? []) };
    }),
  );
  return router;
}

async function readView(context: WebContext, request: Request): Promise<TestsView> {
  const [build] = await buildSummaryList(context.db, [numberOf(request)]);
  if (build === undefined) throw problem('no-such-build', 'there is no such build');
  const ask = parseAsked(testsQuery, filled(request), 'bad-query');
  const steps = await testedSteps(context.db, build.id);
  const step = steps.find(({ index }) => ask.step === undefined || ask.step === index);
  if (step === undefined) {
    throw problem('no-tests', await whyUntested(context.db, build.id, ask.step));
  }
  const { cursor, limit: _, ...filter } = ask;
  const isContinued = cursor !== undefined;
  const { outcome, change, q } = filter;
  const isAsked = isContinued || [outcome, change, q].some((each) => each !== undefined);
  try {
    const tests = await openTests(context, build.id, step);
    const page = pageOfTests(tests, ask);
    const any = { limit: changesShown, change: 'any' } as const;
    const changed = isAsked ? null : pageOfTests(tests, any);
    return { build, steps, step, filter, isContinued, changed, page };
  } catch (error) {
    if (error instanceof TestListError) throw problem('no-tests', error.message);
    throw error;
  }
}

/** A form sends what was left blank as well. */
function filled(request: Request): Record<string, unknown> {
  return Object.fromEntries(Object.entries(request.query).filter(([, value]) => value !== ''));
}
