import type { ApiSpec, BuildSpec, JournalEntry } from '@weir/protocol';
import { detectLabels } from '../agent/labels.ts';
import { machineFacts, sandboxFacts } from '../runner/facts.ts';
import { detectContainers } from '../services/detect.ts';
import type { Difference } from './compare.ts';
import {
  differencesOfMachine,
  differencesOfResult,
  findingsNotTried,
  isConclusive,
} from './compare.ts';
import { differencesOfDependencies, fetchRecorded, hasSameDependencies } from './dependencies.ts';
import type { ResolvedHere } from './dependencies.ts';
import type { FarmBuild, Ran } from './farm-build.ts';
import { runHere } from './run-here.ts';
import type { Here } from './run-here.ts';
import { forPacking, runtimeHere } from './runtime.ts';

/** What came of running a build again. */
export interface Outcome {
  readonly build: number;
  readonly builder: string;
  readonly number: number;
  /** The farm's result came again. */
  readonly cameAgain: boolean;
  readonly farm: Pick<Ran, 'result' | 'findings' | 'text'>;
  readonly here: Pick<Ran, 'result' | 'findings' | 'text'>;
  /** Of a runtime that was packed here and there: both hashes. Else null. */
  readonly artifact: { readonly there: string; readonly here: string } | null;
  /** How the results differ. */
  readonly otherResults: readonly Difference[];
  /** What of the farm's build is not the same here, and may be why. */
  readonly notTheSame: readonly Difference[];
}

/** Runs a farm's build here, and holds what comes of it against what came there. */
export async function reproduce(
  here: Here,
  { build, order }: { build: FarmBuild; order: ApiSpec },
): Promise<Outcome> {
  const { spec } = order;
  const runtime =
    spec.kind === 'project' ? await runtimeHere(here, order) : { differences: [] as Difference[] };
  if (typeof runtime === 'string') return outcomeOf(build, withoutRuntime(here, runtime), []);
  // As the farm does, where a runtime can't be built, the project is not tried.
  const { artifact: _told, ...rest } = spec;
  const { artifact } = runtime;
  const ordered = forPacking({ ...rest, ...(artifact && { artifact }) }, order.shares);
  here.out.write('\n');
  const recorded = await fetchRecorded(here, build);
  const ran = ranOf(ordered, await runHere(here, ordered, recorded));
  return outcomeOf(build, ran, [
    ...(await differencesOfLabels(order)),
    ...runtime.differences,
    ...differencesOfDependencies(here, build, ran.resolved),
    ...differencesOfSteps(spec, (step) => hasSameDependencies(build, step, ran.resolved)),
    ...differencesOfPlace(here),
  ]);
}

function outcomeOf(
  farm: FarmBuild,
  here: Ran & { artifact?: string | undefined },
  notTheSame: readonly Difference[],
): Outcome {
  const otherResults = differencesOfResult(farm, here);
  const isComparable = isConclusive(farm) && isConclusive(here);
  const byHistory = findingsNotTried(farm, here);
  return {
    build: farm.id,
    builder: farm.builder,
    number: farm.number,
    cameAgain: isComparable && otherResults.length === 0,
    farm: endOf(farm),
    here: endOf(here),
    artifact:
      farm.artifact === null || here.artifact === undefined
        ? null
        : { there: farm.artifact.sha256, here: here.artifact },
    otherResults,
    notTheSame: [
      ...notTheSame,
      ...differencesOfMachine(farm.environment, here.environment),
      ...byHistory,
    ],
  };
}

function endOf({ result, findings, text }: Ran): Outcome['here'] {
  return { result, findings, text };
}

function withoutRuntime({ sandbox }: Here, text: string): Ran {
  const environment = { ...machineFacts(), ...sandboxFacts(sandbox) };
  return { result: 'skipped', findings: ['runtime-failed'], text, steps: [], environment };
}

/** What a journal says, in the farm's form. */
function ranOf(
  { steps }: BuildSpec,
  entries: readonly JournalEntry[],
): Ran & { artifact: string | undefined; resolved: ResolvedHere } {
  const end = entries.findLast((entry) => entry.t === 'build-finished');
  const ends = new Map(
    entries.flatMap((entry) => (entry.t === 'step-finished' ? [[entry.step, entry]] : [])),
  );
  return {
    result: end?.result ?? 'exception',
    findings: end?.findings ?? [],
    text: end?.text ?? '',
    environment: end?.environment ?? {},
    artifact: entries.find((entry) => entry.t === 'artifact')?.sha256,
    resolved: new Map([...ends].map(([step, { resolved = [] }]) => [step, resolved])),
    steps: steps.map(({ name }, index) => {
      const end = ends.get(index);
      const { result = null, findings = [], text = '', report = null, exitCode = null } = end ?? {};
      return { name, result, findings, text, report, exitCode };
    }),
  };
}

/** Labels that an admin granted to the farm's machine are among those that no machine finds out. */
async function differencesOfLabels({ labels: asked, spec }: ApiSpec): Promise<Difference[]> {
  const own = detectLabels(await detectContainers(spec.services !== undefined));
  const lacking = asked.filter((label) => !own.includes(label));
  if (lacking.length === 0) return [];
  const text = `the platform asks for ${lacking.join(', ')}, and this machine finds out no more of itself than ${own.join(', ')}`;
  return [{ about: 'labels', text }];
}

/** What a script fetches today may be other than what it fetched then, unless it is known that it is not. */
function differencesOfSteps(
  { steps }: ApiSpec['spec'],
  isSame: (step: number) => boolean,
): Difference[] {
  const names = steps.flatMap(({ name, network }, index) =>
    network && !isSame(index) ? [name] : [],
  );
  if (names.length === 0) return [];
  return [
    { about: 'network', text: `what is fetched may be another today, by ${names.join(', ')}` },
  ];
}

function differencesOfPlace({ sandbox }: Here): Difference[] {
  if (sandbox.kind !== 'none') return [];
  return [{ about: 'paths', text: 'without a sandbox each machine has its own' }];
}
