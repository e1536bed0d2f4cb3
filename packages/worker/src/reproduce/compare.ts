import { countText, maxNamedTests, numberText, testCount } from '@weir/protocol';
import type { Result } from '@weir/protocol';
import { preparationFact } from '../runner/facts.ts';
import type { Ran } from './farm-build.ts';

/** Something that is not here as it was on the farm. */
export interface Difference {
  readonly about: string;
  readonly text: string;
}

/** Found by a look at the builds before, which are the farm's alone. */
const findingsByHistory = ['tests-vanished', 'skips-jumped'];
const conclusive: readonly (Result | null)[] = ['success', 'warnings', 'failure'];

/** Whether a result says something about the code. */
export function isConclusive({ result }: Pick<Ran, 'result'>): boolean {
  return conclusive.includes(result);
}

/**
 * How what ran here differs from what ran on the farm: the build's end, each step's result and
 * findings, and the tests that failed there and did not fail here. None: the farm's result came
 * again. More tests may fail here, and texts may differ.
 */
export function differencesOfResult(farm: Ran, here: Ran): Difference[] {
  const differences = farm.steps.flatMap((step, index) => {
    const own = here.steps[index];
    if (own === undefined) return [];
    if (endOf(step, true) !== endOf(own, true)) {
      return [{ about: step.name, text: `${inWords(step)} there, ${inWords(own)} here` }];
    }
    if (countsDiffer(step, own)) {
      const counts = [step, own].map(({ report }) =>
        report === null ? '' : countsInWords(report),
      );
      return [{ about: step.name, text: `${counts[0]} there, ${counts[1]} here` }];
    }
    const passed = passedHere(step, own);
    if (passed.length === 0) return [];
    return [{ about: step.name, text: `did not fail here: ${passed.join(', ')}` }];
  });
  // A runtime that can't be packed fails after all its steps.
  const isByCounts = farm.findings.some(isByHistory);
  if (differences.length === 0 && !isByCounts && endOf(farm, false) !== endOf(here, false)) {
    differences.push({ about: 'build', text: `${inWords(farm)} there, ${inWords(here)} here` });
  }
  return differences;
}

/** What of the farm's result can't be found here, whatever is run, and how the counts here are. */
export function findingsNotTried(farm: Ran, here: Ran): Difference[] {
  const text = 'compares with the builds before, which the farm alone has';
  const builds = farm.findings.filter(isByHistory).map((about) => ({ about, text }));
  const counts = farm.steps.flatMap(({ name, findings, report }, index) => {
    const own = here.steps[index]?.report ?? null;
    if (!findings.some(isByHistory) || report === null || own === null) return [];
    return [{ about: name, text: `${countsInWords(report)} there, ${countsInWords(own)} here` }];
  });
  return [...builds, ...counts];
}

type End = Pick<Ran, 'result' | 'findings' | 'text'> & {
  readonly exitCode?: number | null | undefined;
};

/** In one word that is the same for the same end. */
function endOf({ result, findings, exitCode }: End, isStep: boolean): string {
  const own = findings.filter((finding) => !isByHistory(finding)).toSorted();
  if (own.length === findings.length) return [result, ...own].join(' ');
  // The farm failed it by its counts: what its worker made of it shows in its exit code alone.
  return [isStep && exitCode === 0 ? 'success' : 'failure', ...own].join(' ');
}

/** Whether it comes of a look at the builds before. */
export function isByHistory(finding: string): boolean {
  return findingsByHistory.includes(finding);
}

/** Whether as many tests ran, and were skipped, as where the farm missed some. */
function countsDiffer({ report: there, findings }: Step, { report: here }: Step): boolean {
  if (!findings.some(isByHistory) || there === null || here === null) return false;
  return (
    testCount(there.totals) !== testCount(here.totals) ||
    there.totals.skipped !== here.totals.skipped
  );
}

function countsInWords({ totals }: Pick<NonNullable<Step['report']>, 'totals'>): string {
  return `${countText(testCount(totals), 'test')}, ${numberText(totals.skipped)} skipped`;
}

/** `failure (exit code 1)` */
export function inWords({ result, findings, text }: End): string {
  if (result === null) return 'not run';
  const why = [...findings, text].filter((word) => word !== '').join(', ');
  return why === '' ? result : `${result} (${why})`;
}

type Step = Ran['steps'][number];

/** Tests that failed on the farm and not here, as far as both name them. */
function passedHere({ report: there }: Step, { report: here }: Step): string[] {
  if (there === null || here === null) return [];
  const failedHere = here.totals.failed + here.totals.unexpectedPasses;
  if (failedHere > maxNamedTests) return [];
  const names = new Set(here.named.map(({ name }) => name));
  return there.named.flatMap(({ name }) => (names.has(name) ? [] : [name]));
}

/** Facts of the two machines that are not the same. A fact that only one of them has says nothing. */
export function differencesOfMachine(
  farm: Ran['environment'],
  here: Ran['environment'],
): Difference[] {
  if (Object.keys(farm).length === 0) {
    return [{ about: 'machine', text: 'the farm knows nothing of the one that ran it there' }];
  }
  return Object.entries(farm).flatMap(([about, there]) => {
    const own = here[about];
    if (own === undefined || own === there || about === preparationFact) return [];
    return [{ about, text: `${there} there, ${own} here` }];
  });
}
