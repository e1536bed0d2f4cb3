import type { TestList, TestPair } from '@weir/model';
import { byKind, compareTests, kindRank, testAt } from '@weir/model';
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
import { TestListError } from '../../builds/objects/test-lists.ts';
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

/**
 * One page of the tests of a step, against those of the last green build before: by name, or, where
 * changes are asked for, by kind of change and name.
 *
 * @throws TestListError when the list can't be shown, ProblemError for a cursor of another list
 */
export async function readTests(
  sources: TestSources,
  build: number,
  step: TestedStep,
  ask: PageAsk & TestFilter,
): Promise<ApiBuildTests> {
  const list = await sources.tests.read(step.tests);
  const base = await readBase(sources, build, step.name);
  const pairs = pairsOf(base?.list ?? null, list);
  const isByKind = ask.change !== undefined;
  const suiting = (isByKind ? byKind(pairs) : pairs).filter(suits(ask));
  const keyOf = (pair: TestPair): [number, string] => [isByKind ? kindRank(pair) : 0, pair.name];
  const after = decodeCursor(ask.cursor, ['number', 'string']);
  const rest = after === null ? suiting : suiting.filter((pair) => isAfter(keyOf(pair), after));
  const page = toPage(rest, ask.limit, keyOf);
  return {
    build,
    step: { index: step.index, name: step.name },
    base: base && { id: base.id, number: base.number },
    changes: countsOf(pairs),
    total: suiting.length,
    items: page.items.map(toTest),
    next: page.next,
  };
}

/** Every test with what it was; without a base nothing has changed. */
function pairsOf(base: TestList | null, list: TestList): TestPair[] {
  if (base !== null) return [...compareTests(base, list)];
  return list.names.map((name, place) => {
    return { name, kind: null, before: null, after: testAt(list, place) };
  });
}

function isAfter([rank, name]: [number, string], [lastRank, lastName]: [number, string]): boolean {
  return rank > lastRank || (rank === lastRank && name > lastName);
}

/** A test that is gone is listed among the changes alone. */
function suits({ outcome, change, q }: TestFilter): (pair: TestPair) => boolean {
  const part = q?.toLowerCase();
  return ({ name, kind, after }) => {
    if (change === undefined ? after === null : kind === null) return false;
    if (change !== undefined && change !== 'any' && kind !== change) return false;
    if (outcome !== undefined && after?.outcome !== outcome) return false;
    return part === undefined || name.toLowerCase().includes(part);
  };
}

function countsOf(pairs: readonly TestPair[]): ApiBuildTests['changes'] {
  const counts = Object.fromEntries(testChangeKinds.map((kind) => [kind, 0]));
  for (const { kind } of pairs) if (kind !== null) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts as ApiBuildTests['changes'];
}

function toTest({ name, kind, before, after }: TestPair): ApiTest {
  return {
    name,
    outcome: after?.outcome ?? null,
    durationMs: after?.durationMs ?? null,
    attempts: after?.attempts ?? 1,
    message: after?.note?.text ?? '',
    messageHash: after?.note?.hash ?? null,
    change: kind,
    before: before && { outcome: before.outcome, durationMs: before.durationMs },
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
