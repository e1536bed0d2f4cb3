import type { ListedTest } from '@weir/model';
import { testAt } from '@weir/model';
import { indexOfTest } from '@weir/protocol';
import type { ApiBuildSummary, StepReport, StoredTests } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { TestListError } from '../../builds/objects/test-lists.ts';
import { builderByName } from '../../store/builders.ts';
import type { Database } from '../../store/schema.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, encodeCursor } from './page.ts';
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

/** So many builds are looked through for those with a list, for one page. */
const maxLookedAt = 500;
/** Of all lists of names that differ: beyond that a suite is too large for one page to look through. */
const maxNames = 2_000_000;

/**
 * What became of one test in the builds of a builder that have a list of the step's tests, newest
 * first. Undefined: there is no such builder. A page may be short, with more after it.
 *
 * @throws ProblemError for a cursor of another list
 */
export async function readTestHistory(
  { db, tests }: TestSources,
  { builder: builderName, step, name }: TestAddress,
  { limit, cursor }: PageAsk,
): Promise<Page<TestRun> | undefined> {
  const builder = await builderByName(db, builderName);
  if (builder === undefined) return undefined;
  const before = decodeCursor(cursor, ['number'])?.[0] ?? builder.next_number;
  const rows = await listedBuilds(db, { builder: builder.id, step, before, limit });
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
  const isCut = runs.length === limit || names > maxNames;
  const reached = isCut ? (runs.at(-1)?.build.number ?? 1) : before - maxLookedAt;
  return { items: runs, next: reached > 1 ? encodeCursor([reached]) : null };
}

/** The newest builds before a number that have a list of the tests of a step. */
function listedBuilds(
  db: Kysely<Database>,
  ask: { builder: number; step: string; before: number; limit: number },
): Promise<{ id: number; report_json: string | null }[]> {
  return db
    .selectFrom('build')
    .innerJoin('step', 'step.build_id', 'build.id')
    .where('build.builder_id', '=', ask.builder)
    .where('build.number', '<', ask.before)
    .where('build.number', '>=', ask.before - maxLookedAt)
    .where('step.name', '=', ask.step)
    .where('step.tests_names', 'is not', null)
    .orderBy('build.number', 'desc')
    .limit(ask.limit)
    .select(['build.id', 'step.report_json'])
    .execute();
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
