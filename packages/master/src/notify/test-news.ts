import type { TestGroup, TestNews, TestedStepNews } from '@weir/model';
import { namedInNews } from '@weir/model';
import { testCount } from '@weir/protocol';
import type { Finding, StepReport } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { TestListError } from '../builds/objects/test-lists.ts';
import type { Database } from '../store/schema.ts';
import type { TestSources } from '../web/read/tests.ts';
import { openTests, pageOfTests } from '../web/read/tests.ts';

/** Of so many steps a notice tells. */
const maxSteps = 10;
/** Lists of more tests are not opened to tell of a breakage: that would hold up whoever tells. */
const maxCompared = 100_000;

interface Row {
  readonly index: number;
  readonly step: string;
  readonly findings: readonly Finding[];
  readonly report: StepReport;
}

/** What the suites of a build said, with the first tests that say why it is no pass. */
export async function readTestNews(
  sources: TestSources,
  { build, builder }: { build: number; builder: string },
): Promise<TestNews> {
  const rows = await reportsOf(sources.db, build);
  const steps: TestedStepNews[] = [];
  for (const row of rows) {
    const { index, step, findings, report } = row;
    const groups = [...failedOf(report), ...(await lostOf(sources, build, row))];
    const isListed = report.tests !== undefined;
    steps.push({ step, index, findings, totals: report.totals, groups, isListed });
  }
  return { builder, build, steps };
}

async function reportsOf(db: Kysely<Database>, build: number): Promise<Row[]> {
  const rows = await db
    .selectFrom('step')
    .select(['step', 'name', 'findings_json', 'report_json'])
    .where('build_id', '=', build)
    .where('report_json', 'is not', null)
    .orderBy('step')
    .limit(maxSteps)
    .execute();
  return rows.flatMap((row) => {
    const report = JSON.parse(row.report_json ?? 'null') as StepReport | null;
    if (report === null || report.state === 'missing') return [];
    const findings = JSON.parse(row.findings_json) as Finding[];
    return [{ index: row.step, step: row.name, findings, report }];
  });
}

/** Those that the report itself names: its first ones. */
function failedOf({ named, totals }: StepReport): TestGroup[] {
  const kinds = [
    ['failed', 'failed', totals.failed],
    ['unexpected-pass', 'passed unexpectedly', totals.unexpectedPasses],
  ] as const;
  return kinds.flatMap(([outcome, what, count]) => {
    if (count === 0) return [];
    const tests = named
      .filter((test) => test.outcome === outcome)
      .slice(0, namedInNews)
      .map(({ name, message }) => ({ name, said: message.split('\n', 1)[0] ?? '' }));
    return [{ what, count, tests }];
  });
}

/** Those that are gone, or skipped now, where that is what is wrong; by the stored lists. */
async function lostOf(sources: TestSources, build: number, row: Row): Promise<TestGroup[]> {
  const { index, step, findings, report } = row;
  const { tests } = report;
  if (tests === undefined || testCount(report.totals) > maxCompared) return [];
  const kinds = [
    ['tests-vanished', 'vanished', 'vanished'],
    ['skips-jumped', 'newly-skipped', 'newly skipped'],
  ] as const;
  const asked = kinds.filter(([finding]) => findings.includes(finding));
  if (asked.length === 0) return [];
  try {
    const open = await openTests(sources, build, { index, name: step, report, tests }, maxCompared);
    const groups = asked.map(async ([, change, what]) => {
      const { items, changes } = await pageOfTests(open, { change, limit: namedInNews });
      if (items.length === 0) return [];
      const named = items.map(({ name, message }) => ({
        name,
        said: message.split('\n', 1)[0] ?? '',
      }));
      return [{ what, count: changes[change], tests: named }];
    });
    return (await Promise.all(groups)).flat();
  } catch (error) {
    // The list may be on its way still, or dropped.
    if (error instanceof TestListError) return [];
    throw error;
  }
}
