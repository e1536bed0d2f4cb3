import type { ListedTest } from '@weir/model';
import { testAt } from '@weir/model';
import { indexOfTest } from '@weir/protocol';
import type { ApiBuildSummary, StepReport, StoredTests } from '@weir/protocol';
import { TestListError } from '../../builds/objects/test-lists.ts';
import { buildSummaries } from './summaries.ts';
import type { TestSources } from './tests.ts';

/** One build of a builder, and what became of a test in it. */
export interface TestRun {
  readonly build: ApiBuildSummary;
  /** Null: it was not among the tests, or they can't be shown. */
  readonly test: ListedTest | null;
  /** Why they can't be shown; blank when they can. */
  readonly text: string;
}

export interface TestAddress {
  readonly builder: string;
  readonly step: string;
  readonly name: string;
}

const maxRuns = 50;
/** So many builds are looked through for those with a list. */
const maxLookedAt = 500;
/** Of all lists of names that differ: beyond that a suite is too large for one page to look through. */
const maxNames = 2_000_000;

/** What became of one test in the newest builds of a builder that have a list of the step's tests. */
export async function readTestHistory(
  { db, tests }: TestSources,
  { builder, step, name }: TestAddress,
): Promise<TestRun[]> {
  const rows = await db
    .selectFrom('builder')
    .innerJoin('build', 'build.builder_id', 'builder.id')
    .innerJoin('step', 'step.build_id', 'build.id')
    .where('builder.name', '=', builder)
    .where((eb) => eb('build.number', '>=', eb('builder.next_number', '-', maxLookedAt)))
    .where('step.name', '=', step)
    .where('step.tests_names', 'is not', null)
    .orderBy('build.number', 'desc')
    .limit(maxRuns)
    .select(['build.id', 'step.report_json'])
    .execute();
  const summaries = await buildSummaries(
    db,
    rows.map(({ id }) => id),
  );
  const looked = new Set<string>();
  let names = 0;
  const runs: TestRun[] = [];
  for (const { id, report_json: json } of rows) {
    const build = summaries.get(id);
    const stored = (JSON.parse(json ?? 'null') as StepReport | null)?.tests;
    if (build === undefined || stored === undefined) continue;
    if (names > maxNames) break;
    const { count, ...run } = await runOf({ db, tests }, stored, name);
    runs.push({ build, ...run });
    if (!looked.has(stored.names.sha256)) names += count;
    looked.add(stored.names.sha256);
  }
  return runs;
}

async function runOf(
  { tests }: TestSources,
  stored: StoredTests,
  name: string,
): Promise<Pick<TestRun, 'test' | 'text'> & { readonly count: number }> {
  try {
    const list = await tests.read(stored);
    const place = indexOfTest(list.names, name);
    const test = place === null ? null : testAt(list, place);
    return { test, text: '', count: list.names.length };
  } catch (error) {
    if (!(error instanceof TestListError)) throw error;
    return { test: null, text: error.message, count: 0 };
  }
}
