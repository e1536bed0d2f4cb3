import type { TestList, TestPair } from '@weir/model';
import { compareTests, outcomeAt, testAt } from '@weir/model';
import { testChangeKinds } from '@weir/protocol';
import type {
  ApiBuildTests,
  ApiTest,
  StepReport,
  StoredTests,
  TestChangeKind,
  TestOutcome,
} from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { TestLists } from '../../builds/objects/test-lists.ts';
import { NoTestListError, TestListError } from '../../builds/objects/test-lists.ts';
import { buildById } from '../../store/builds.ts';
import type { Database } from '../../store/schema.ts';
import type { PageAsk } from './page.ts';
import { decodeCursor, toPage } from './page.ts';

export interface TestSources {
  readonly db: Kysely<Database>;
  readonly tests: TestLists;
}

export interface TestFilter {
  /** By its index; else the first step that has a list. */
  readonly step?: number | undefined;
  readonly outcome?: TestOutcome | undefined;
  readonly change?: TestChangeKind | 'any' | undefined;
  /** A part of the name, in whatever case. */
  readonly q?: string | undefined;
}

/** A step whose tests are known one by one. */
export interface TestedStep {
  readonly index: number;
  readonly name: string;
  readonly report: StepReport;
  readonly tests: StoredTests;
}

/** So many builds are looked through for a green one. */
const maxLookedAt = 1_000;

/** The steps of a build that have a list of tests. */
export async function testedSteps(db: Kysely<Database>, build: number): Promise<TestedStep[]> {
  const rows = await db
    .selectFrom('step')
    .select(['step', 'name', 'report_json'])
    .where('build_id', '=', build)
    .where('tests_names', 'is not', null)
    .orderBy('step')
    .execute();
  return rows.flatMap(({ step: index, name, report_json: json }) => {
    const report = JSON.parse(json ?? 'null') as StepReport | null;
    return report?.tests === undefined ? [] : [{ index, name, report, tests: report.tests }];
  });
}

/** The tests of a step, and those of the last green build before. */
export interface OpenTests {
  readonly build: number;
  readonly step: TestedStep;
  readonly list: TestList;
  readonly base: Base | null;
}

/** @throws TestListError when the list can't be shown */
export async function openTests(
  sources: TestSources,
  build: number,
  step: TestedStep,
): Promise<OpenTests> {
  const list = await readList(sources, build, step.tests);
  return { build, step, list, base: await readBase(sources, build, step.name) };
}

async function readList(
  { db, tests }: TestSources,
  build: number,
  stored: StoredTests,
): Promise<TestList> {
  try {
    return await tests.read(stored);
  } catch (error) {
    if (!(error instanceof NoTestListError)) throw error;
    const row = await buildById(db, build);
    const text =
      row?.state === 'finished'
        ? 'the list of these tests is not here: it did not come in time, or got lost'
        : 'the list of these tests has not come yet';
    throw new TestListError(text, { cause: error });
  }
}

/** Why a build has no step whose tests can be listed, or not the one that is asked for. */
export async function whyUntested(
  db: Kysely<Database>,
  build: number,
  asked: number | undefined,
): Promise<string> {
  const rows = await db
    .selectFrom('step')
    .select(['step', 'report_json'])
    .where('build_id', '=', build)
    .where('tests_names', 'is', null)
    .execute();
  const hadList = rows.some(({ step, report_json: json }) => {
    if (asked !== undefined && step !== asked) return false;
    return (JSON.parse(json ?? 'null') as StepReport | null)?.tests !== undefined;
  });
  return hadList
    ? 'the list of these tests is not kept any more: it goes with the logs (`retention.logs`)'
    : 'no report names the tests of that step';
}

/**
 * One page of them: by name, or, where changes are asked for, by kind of change and name. Of a million
 * tests no more is kept than what the page shows.
 *
 * @throws ProblemError for a cursor of another list
 */
export function pageOfTests(tests: OpenTests, ask: PageAsk & TestFilter): ApiBuildTests {
  const { build, step, list, base } = tests;
  const counts = new Map(testChangeKinds.map((kind) => [kind, 0]));
  const after = decodeCursor(ask.cursor, ['number', 'string']);
  const isWanted = suits(tests, ask);
  /** By rank, the first of those that stand behind the cursor. */
  const ranked: TestPair[][] = [];
  let total = 0;
  for (const pair of pairsOf(tests)) {
    if (pair.kind !== null) counts.set(pair.kind, (counts.get(pair.kind) ?? 0) + 1);
    if (!isWanted(pair)) continue;
    total += 1;
    const key = keyOf(pair, ask);
    const its = (ranked[key[0]] ??= []);
    if (its.length <= ask.limit && (after === null || isAfter(key, after))) its.push(pair);
  }
  const page = toPage(ranked.flat(), ask.limit, (pair) => keyOf(pair, ask));
  return {
    build,
    step: { index: step.index, name: step.name },
    base: base && { id: base.id, number: base.number },
    changes: Object.fromEntries(counts) as ApiBuildTests['changes'],
    total,
    items: page.items.map((pair) => toTest(pair, base?.list ?? null, list)),
    next: page.next,
  };
}

/** Every test with what it was; without a base nothing has changed. */
function pairsOf({ base, list }: OpenTests): Iterable<TestPair> {
  if (base !== null) return compareTests(base.list, list);
  return list.names
    .values()
    .map((name, after): TestPair => ({ name, kind: null, before: null, after }));
}

/** Where it stands in the list that is asked for. */
function keyOf({ kind, name }: TestPair, { change }: TestFilter): [number, string] {
  return [change === undefined || kind === null ? 0 : testChangeKinds.indexOf(kind), name];
}

function isAfter([rank, name]: [number, string], [lastRank, lastName]: [number, string]): boolean {
  return rank > lastRank || (rank === lastRank && name > lastName);
}

/** A test that is gone is listed among the changes alone. */
function suits(
  { list }: OpenTests,
  { outcome, change, q }: TestFilter,
): (pair: TestPair) => boolean {
  const part = q?.toLowerCase();
  return ({ name, kind, after }) => {
    if (change === undefined ? after === null : kind === null) return false;
    if (change !== undefined && change !== 'any' && kind !== change) return false;
    const is = after === null ? null : outcomeAt(list, after);
    if (outcome !== undefined && is !== outcome) return false;
    return part === undefined || name.toLowerCase().includes(part);
  };
}

function toTest(
  { name, kind, before, after }: TestPair,
  base: TestList | null,
  list: TestList,
): ApiTest {
  const is = after === null ? null : testAt(list, after);
  const was = before === null || base === null ? null : testAt(base, before);
  return {
    name,
    outcome: is?.outcome ?? null,
    durationMs: is?.durationMs ?? null,
    attempts: is?.attempts ?? 1,
    message: is?.note?.text ?? '',
    messageHash: is?.note?.hash ?? null,
    change: kind,
    before: was && { outcome: was.outcome, durationMs: was.durationMs },
  };
}

interface Base {
  readonly id: number;
  readonly number: number;
  readonly list: TestList;
}

/** The newest green build before this one in which the step has a list that can be read. */
async function readBase(
  { db, tests }: TestSources,
  build: number,
  step: string,
): Promise<Base | null> {
  const row = await db
    .selectFrom('build as this')
    .innerJoin('build', 'build.builder_id', 'this.builder_id')
    .innerJoin('step', 'step.build_id', 'build.id')
    .where('this.id', '=', build)
    .whereRef('build.number', '<', 'this.number')
    .where((eb) => eb('build.number', '>=', eb('this.number', '-', maxLookedAt)))
    .where('build.result', 'in', ['success', 'warnings'])
    .where('step.name', '=', step)
    .where('step.tests_names', 'is not', null)
    .orderBy('build.number', 'desc')
    .limit(1)
    .select(['build.id', 'build.number', 'step.report_json'])
    .executeTakeFirst();
  if (row === undefined) return null;
  const stored = (JSON.parse(row.report_json ?? 'null') as StepReport | null)?.tests;
  if (stored === undefined) return null;
  try {
    return { id: row.id, number: row.number, list: await tests.read(stored) };
  } catch (error) {
    if (error instanceof TestListError) return null;
    throw error;
  }
}
