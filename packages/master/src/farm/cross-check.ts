import { trunkName } from '@weir/model';
import { checkCombinations, platformsByTrunkOf } from './check-combinations.ts';
import { checkNames, enumerate } from './check-names.ts';
import type { Known } from './check-names.ts';
import { checkServices } from './check-services.ts';
import { checkSteps } from './check-steps.ts';
import type { ErrorList, Span } from './error-list.ts';
import type { FarmFile, ProjectEntry, UpstreamEntry } from './farm-of.ts';
import type { RepositoryName } from './repository.ts';
import { suggest } from './suggest.ts';
import { quoted, type Located } from './value-type.ts';

/** Three times the largest farm that Weir is made for. */
const maxBuilders = 50_000;

/**
 * What the table can't say: names that must stand elsewhere in the file, and what several values
 * mean together. `remotes` are the repositories that the command line serves from local paths,
 * `ofProject` takes the errors of projects that stand in files of their own.
 */
export function crossCheck(
  file: FarmFile,
  remotes: ReadonlySet<string>,
  { errors, ofProject }: { errors: ErrorList; ofProject: ReadonlyMap<string, ErrorList> },
): void {
  const { platforms, upstreams, projects, remotes: ownRemotes } = file.values;
  const known: Known = {
    platforms: new Set(platforms.keys()),
    trunks: platformsByTrunk(file),
    remotes: new Set([...ownRemotes.keys(), ...remotes]),
    errors,
  };
  for (const [name, upstream] of upstreams) checkUpstream(`upstreams.${name}`, upstream, known);
  for (const [name, project] of projects) {
    const its = ofProject.get(name) ?? errors;
    checkProject(`projects.${name}`, project, { ...known, errors: its });
  }
  checkWebhooks(file, known);
  checkRemotes(file, errors);
  checkSize(file, known);
}

function platformsByTrunk({ values }: FarmFile): Map<string, ReadonlySet<string>> {
  const trunks = new Map<string, ReadonlySet<string>>();
  for (const [upstream, { value }] of values.upstreams) {
    const named = value.values.platforms?.map((platform) => platform.value);
    const platforms = new Set(named ?? values.platforms.keys());
    for (const trunk of value.values.trunks.keys()) {
      trunks.set(trunkName(upstream, trunk), platforms);
    }
  }
  return trunks;
}

function checkUpstream(path: string, { value }: Located<UpstreamEntry>, known: Known): void {
  const { repository, platforms } = value.values;
  checkRepository(repository, value.at('repository'), `${path}.repository`, known);
  checkNames(platforms ?? [], known.platforms, 'platform', `${path}.platforms`, known.errors);
  const itsPlatforms = platforms?.map((platform) => platform.value) ?? known.platforms;
  checkSteps(value, path, { ...known, built: new Set(itsPlatforms) });
  checkSchedule(value, path, known.errors);
}

function checkProject(path: string, { value }: Located<ProjectEntry>, known: Known): void {
  const { repository, platforms, trunks } = value.values;
  if (repository) checkRepository(repository, value.at('repository'), `${path}.repository`, known);
  checkNames(platforms ?? [], known.platforms, 'platform', `${path}.platforms`, known.errors);
  checkNames(trunks, known.trunks, 'trunk', `${path}.trunks`, known.errors);
  checkCombinations(value, path, known);
  const tested = [...platformsByTrunkOf(value.values, known).values()];
  checkSteps(value, path, { ...known, built: new Set(tested.flatMap((each) => [...each])) });
  checkServices(value, path, known.errors);
  checkSchedule(value, path, known.errors);
  if (platforms) checkRuntimes(path, platforms, trunks, known);
}

function checkSchedule(
  { values }: UpstreamEntry | ProjectEntry,
  path: string,
  errors: ErrorList,
): void {
  for (const [index, { value: time, at }] of values.schedule.entries()) {
    const { cron, every } = time.values;
    if ((cron === null) !== (every === null)) continue;
    errors.add({
      at,
      path: `${path}.schedule[${index}]`,
      problem: cron === null ? 'neither cron nor every' : 'both cron and every',
      expected: 'one of them',
    });
  }
}

function checkRepository(
  { url, isLocal }: RepositoryName,
  at: Span,
  path: string,
  known: Known,
): void {
  if (!isLocal || known.remotes.has(url)) return;
  known.errors.add({
    at,
    path,
    problem: 'a local repository that remotes does not name',
    came: quoted(url),
    suggestion: `add it under remotes, as ${url}: PATH`,
  });
}

/** A project's own platforms must each have a runtime, and each of its trunks must have one of them. */
function checkRuntimes(
  path: string,
  platforms: readonly Located<string>[],
  trunks: readonly Located<string>[],
  { platforms: all, trunks: byTrunk, errors }: Known,
): void {
  const itsTrunks = trunks.filter(({ value }) => byTrunk.has(value));
  const hasRuntime = (trunk: string, platform: string) => byTrunk.get(trunk)?.has(platform);
  for (const { value, at } of platforms) {
    if (itsTrunks.length === 0 || !all.has(value)) continue;
    if (itsTrunks.some((trunk) => hasRuntime(trunk.value, value))) continue;
    const problem = `no trunk of this project has a runtime for the platform ${value}`;
    errors.add({ at, path: `${path}.platforms`, problem });
  }
  for (const { value, at } of itsTrunks) {
    if (platforms.some((platform) => hasRuntime(value, platform.value))) continue;
    errors.add({
      at,
      path: `${path}.trunks`,
      problem: `the trunk ${value} has a runtime for none of this project's platforms`,
      suggestion: `it has one for ${enumerate(byTrunk.get(value) ?? new Set())}`,
    });
  }
}

/** What a webhook is told about must be there; workers and breakages come and go. */
function checkWebhooks({ values }: FarmFile, { trunks, errors }: Known): void {
  const scopes = new Set([
    'farm',
    ...[...trunks.keys()].map((trunk) => `trunk/${trunk}`),
    ...[...values.projects.keys()].map((project) => `project/${project}`),
  ]);
  for (const [name, { value }] of values.notify.values.webhooks) {
    const named = value.values.about.filter(
      ({ value: scope }) => !/^(worker|breakage)\//.test(scope),
    );
    checkNames(named, scopes, 'scope', `notify.webhooks.${name}.about`, errors);
  }
}

/** A local mirror that serves nothing is a misspelt repository. */
function checkRemotes({ values }: FarmFile, errors: ErrorList): void {
  const repositories = new Set(
    [...values.upstreams.values(), ...values.projects.values()].flatMap(({ value }) =>
      value.values.repository ? [value.values.repository.url] : [],
    ),
  );
  for (const [url, { at }] of values.remotes) {
    if (repositories.has(url)) continue;
    errors.add({
      at,
      path: 'remotes',
      problem: 'a repository that nothing in this file uses',
      came: quoted(url),
      suggestion: suggest(url, repositories),
    });
  }
}

/** A small file can mean any number of builders: trunks times projects times platforms. */
function checkSize(file: FarmFile, { platforms, trunks, errors }: Known): void {
  let builders = 0;
  for (const own of trunks.values()) builders += own.size;
  for (const { value } of file.values.projects.values()) {
    const width = value.values.platforms?.length ?? platforms.size;
    builders += value.values.trunks.length * width + value.values.include.length;
  }
  if (builders <= maxBuilders) return;
  errors.add({
    at: file.at('projects'),
    problem: 'too many builders',
    expected: `at most ${maxBuilders}`,
    came: `up to ${builders}`,
  });
}
