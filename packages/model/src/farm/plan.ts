import type {
  BuilderPlan,
  PartPlan,
  Plan,
  PlanAction,
  PlanPart,
  PlanSummary,
  RequestFate,
  SettingChange,
} from '@weir/protocol';
import { buildersOf, trunkName } from './builders.ts';
import type { Builder, Farm } from './farm.ts';
import type { Settings } from './settings.ts';
import { settingsOf } from './settings.ts';
import { stepsOn } from './steps.ts';

/** What is under way for a builder. */
export interface UnderWay {
  /** Requests that wait. */
  readonly waiting: number;
  /** Builds that run. */
  readonly running: number;
}

type Parts = ReadonlyMap<string, Settings>;

/** What of its upstream or project makes a builder's builds other ones. */
const ofOwner = ['steps', 'checkout', 'services', 'env', 'tier', 'max-parallel'] as const;
/** What of `limits` every build is told. */
const ofBuild = new Set(
  ['log', 'disk', 'memory', 'processes', 'file'].map((key) => `limits.${key}`),
);

/**
 * What another farm file would change.
 *
 * @param before null when none was in force
 * @param underWay what waits and runs now, by builder
 */
export function planOf(
  before: Farm | null,
  after: Farm,
  underWay: ReadonlyMap<string, UnderWay> = new Map(),
): Plan {
  const parts = [
    ...farmPlan(before, after),
    ...partPlans('platform', before, after, platformsOf),
    ...partPlans('upstream', before, after, upstreamsOf),
    ...partPlans('trunk', before, after, trunksOf),
    ...partPlans('project', before, after, projectsOf),
  ];
  const builders = builderPlans(before, after, { parts, underWay });
  const all = [...underWay.values()];
  const of = (fate: RequestFate): number =>
    sum(builders.filter((builder) => builder.fate === fate).map(({ waiting }) => waiting));
  const [changed, cancelled] = [of('changed'), of('cancelled')];
  const kept = sum(all.map(({ waiting }) => waiting)) - changed - cancelled;
  const running = sum(all.map((each) => each.running));
  return { parts, builders, requests: { kept, changed, cancelled }, running };
}

export function isEmptyPlan({ parts, builders }: Plan): boolean {
  return parts.length === 0 && builders.length === 0;
}

export function summaryOf({ builders, requests, running }: Plan): PlanSummary {
  const of = (action: PlanAction): number =>
    builders.filter((each) => each.action === action).length;
  const counts = { added: of('added'), removed: of('removed'), changed: of('changed') };
  return { builders: counts, requests, running };
}

function farmPlan(before: Farm | null, after: Farm): PartPlan[] {
  const part = { part: 'farm', name: after.name } as const;
  if (before === null) return [{ ...part, action: 'added', settings: [] }];
  const settings = [
    ...changesOf(farmSettings(before), farmSettings(after)),
    ...orderOf(before, after),
  ];
  return settings.length === 0 ? [] : [{ ...part, action: 'changed', settings }];
}

/** The waterfall has its columns in the order of the file. */
function orderOf(before: Farm, after: Farm): SettingChange[] {
  const [old, young] = [namesOf(before), namesOf(after)];
  const isOther =
    [...old.intersection(young)].join('\n') !== [...young.intersection(old)].join('\n');
  return isOther ? [{ setting: 'order', before: null, after: null }] : [];
}

function namesOf(farm: Farm): Set<string> {
  return new Set(buildersOf(farm).map(({ name }) => name));
}

function farmSettings({
  platforms: _own,
  upstreams: _their,
  projects: _its,
  ...farm
}: Farm): Settings {
  return settingsOf(farm);
}

function platformsOf({ platforms }: Farm): Parts {
  return mapValues(platforms, (labels) => settingsOf({ labels }));
}

function upstreamsOf({ upstreams }: Farm): Parts {
  return mapValues(upstreams, ({ name: _name, trunks: _its, ...upstream }) => settingsOf(upstream));
}

function trunksOf({ upstreams }: Farm): Parts {
  const trunks = [...upstreams.values()].flatMap(({ name, trunks: its }) =>
    [...its.values()].map(
      ({ name: trunk, ...rest }) => [trunkName(name, trunk), settingsOf(rest)] as const,
    ),
  );
  return new Map(trunks);
}

function projectsOf({ projects }: Farm): Parts {
  return mapValues(projects, ({ name: _name, ...project }) => settingsOf(project));
}

function partPlans(
  part: PlanPart,
  before: Farm | null,
  after: Farm,
  partsOf: (farm: Farm) => Parts,
): PartPlan[] {
  const old: Parts = before === null ? new Map() : partsOf(before);
  const young = partsOf(after);
  return [...new Set([...old.keys(), ...young.keys()])].flatMap((name): PartPlan[] => {
    const [was, is] = [old.get(name), young.get(name)];
    if (was === undefined) return [{ part, name, action: 'added', settings: [] }];
    if (is === undefined) return [{ part, name, action: 'removed', settings: [] }];
    const settings = changesOf(was, is);
    return settings.length === 0 ? [] : [{ part, name, action: 'changed', settings }];
  });
}

/** Plans stand on public pages: whom the farm tells, and where, is said on none of them. */
function changesOf(before: Settings, after: Settings): SettingChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((setting) => {
    const [was, is] = [before.get(setting) ?? null, after.get(setting) ?? null];
    if (was === is) return [];
    const isShown = !setting.startsWith('notify.');
    return [{ setting, before: isShown ? was : null, after: isShown ? is : null }];
  });
}

/** What changed of each part, by the first words of its settings. */
class Changed {
  readonly #words: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every build is told other limits. */
  readonly hasOtherLimits: boolean;

  readonly #before: Farm | null;
  readonly #after: Farm;

  constructor(before: Farm | null, after: Farm, parts: readonly PartPlan[]) {
    this.#before = before;
    this.#after = after;
    const wordsOf = ({ settings }: PartPlan): Set<string> =>
      new Set(settings.map(({ setting }) => setting.split('.')[0] ?? ''));
    this.#words = new Map(parts.map((each) => [`${each.part} ${each.name}`, wordsOf(each)]));
    this.hasOtherLimits = parts.some(
      ({ part, settings }) =>
        part === 'farm' && settings.some(({ setting }) => ofBuild.has(setting)),
    );
  }

  has(part: PlanPart, name: string, ...words: readonly string[]): boolean {
    const changed = this.#words.get(`${part} ${name}`);
    return changed !== undefined && words.some((word) => changed.has(word));
  }

  /** What of a builder that stays is another than before. */
  ofBuilder(builder: Builder): string[] {
    const { upstream, trunk, project, platform } = builder;
    const isOwn = (word: string): boolean =>
      (project === null
        ? this.has('upstream', upstream, word)
        : this.has('project', project, word)) &&
      (word !== 'steps' || stepsText(this.#before, builder) !== stepsText(this.#after, builder));
    const isElsewhere =
      this.has('upstream', upstream, 'repository') ||
      this.has('trunk', trunkName(upstream, trunk), 'branch') ||
      (project !== null && this.has('project', project, 'repository', 'branch'));
    return [
      ...(isElsewhere ? ['branch'] : []),
      ...ofOwner.filter(isOwn),
      ...(this.hasOtherLimits ? ['limits'] : []),
      ...(this.has('platform', platform, 'labels') ? ['labels'] : []),
    ];
  }
}

/** A step may hold on other platforms alone. */
function stepsText(farm: Farm | null, { upstream, project, platform }: Builder): string {
  const owner = project === null ? farm?.upstreams.get(upstream) : farm?.projects.get(project);
  return JSON.stringify(stepsOn(owner?.steps ?? [], platform));
}

function builderPlans(
  before: Farm | null,
  after: Farm,
  { parts, underWay }: { parts: readonly PartPlan[]; underWay: ReadonlyMap<string, UnderWay> },
): BuilderPlan[] {
  const changed = new Changed(before, after, parts);
  const old = before === null ? new Set<string>() : namesOf(before);
  const plan = (name: string, action: PlanAction, words: readonly string[]): BuilderPlan => {
    const { waiting, running } = underWay.get(name) ?? { waiting: 0, running: 0 };
    const fate = action === 'removed' ? 'cancelled' : fateOf(words);
    return { name, action, changed: [...words], waiting, fate, running };
  };
  const young = buildersOf(after);
  const names = new Set(young.map(({ name }) => name));
  const removed = [...old.difference(names)].map((name) => plan(name, 'removed', []));
  const others = young.flatMap((builder) => {
    if (!old.has(builder.name)) return [plan(builder.name, 'added', [])];
    const words = changed.ofBuilder(builder);
    return words.length === 0 ? [] : [plan(builder.name, 'changed', words)];
  });
  return [...removed, ...others];
}

/** Of a request that waits when these change: its commits are of a branch, and all else is read when it is built. */
function fateOf(changed: readonly string[]): RequestFate {
  if (changed.includes('branch')) return 'cancelled';
  const rebuilt = ['steps', 'checkout', 'services', 'env', 'limits', 'labels'];
  return changed.some((word) => rebuilt.includes(word)) ? 'changed' : 'kept';
}

function mapValues<T, U>(map: ReadonlyMap<string, T>, change: (value: T) => U): Map<string, U> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
