import type { Known } from './check-names.ts';
import { checkNames, enumerate } from './check-names.ts';
import type { CombinationEntry, ProjectEntry } from './farm-of.ts';
import type { Located } from './value-type.ts';

type ProjectValues = ProjectEntry['values'];

/** What `exclude` and `include` of a project name must be there to be left out, or not there yet. */
export function checkCombinations(project: ProjectEntry, path: string, known: Known): void {
  const { exclude, include, trunks } = project.values;
  const common = commonPlatforms(project.values, known);
  const excluded = new Set<string>();
  for (const [trunk, platform, add] of combinations(exclude, `${path}.exclude`, known)) {
    const reason = whyNotThere(trunk, platform, { common, known });
    if (reason !== null) add(`excludes nothing: ${reason}`);
    else excluded.add(`${trunk} ${platform}`);
  }
  for (const [trunk, platform, add] of combinations(include, `${path}.include`, known)) {
    const runtimes = known.trunks.get(trunk) ?? new Set();
    if (excluded.has(`${trunk} ${platform}`)) add('stands in exclude as well');
    else if (common.get(trunk)?.has(platform)) {
      add('includes nothing: it is one of trunks on one of platforms already');
    } else if (!runtimes.has(platform)) {
      add(
        `the trunk ${trunk} has no runtime for the platform ${platform}`,
        `it has one for ${enumerate(runtimes)}`,
      );
    }
  }
  const emptied = [...common].flatMap(([trunk, platforms]) =>
    platforms.size > 0 && [...platforms].every((each) => excluded.has(`${trunk} ${each}`))
      ? [trunk]
      : [],
  );
  if (emptied.length === 0) return;
  const isAll = emptied.length === trunks.length;
  known.errors.add({
    at: project.at('exclude'),
    path: `${path}.exclude`,
    problem: `excludes all of ${isAll ? 'this project' : `the trunk ${emptied.join(', ')}`}`,
    suggestion: isAll ? null : 'leave it out of trunks',
  });
}

/** The platforms on which a project is tested, by trunk. */
export function platformsByTrunkOf(
  project: ProjectValues,
  known: Known,
): Map<string, ReadonlySet<string>> {
  const tested = commonPlatforms(project, known);
  for (const { value } of project.exclude) {
    tested.get(value.values.trunk)?.delete(value.values.platform);
  }
  for (const { value } of project.include) {
    const { trunk, platform } = value.values;
    tested.set(trunk, new Set([...(tested.get(trunk) ?? []), platform]));
  }
  return tested;
}

/** Each of its trunks with those of its platforms for which there is a runtime. */
function commonPlatforms(
  { trunks, platforms }: ProjectValues,
  known: Known,
): Map<string, Set<string>> {
  const named = platforms && new Set(platforms.map(({ value }) => value));
  return new Map(
    trunks.map(({ value }) => {
      const runtimes = known.trunks.get(value) ?? new Set<string>();
      return [value, new Set(named ? runtimes.intersection(named) : runtimes)];
    }),
  );
}

type Add = (problem: string, suggestion?: string) => void;

/** Those that name what there is, each once, with what adds an error about it. */
function* combinations(
  given: readonly Located<CombinationEntry>[],
  path: string,
  { platforms, trunks, errors }: Known,
): Generator<readonly [trunk: string, platform: string, add: Add]> {
  const seen = new Set<string>();
  for (const [index, { value: entry, at }] of given.entries()) {
    const its = `${path}[${index}]`;
    const { trunk, platform } = entry.values;
    const add: Add = (problem, suggestion) =>
      errors.add({ at, path: its, problem, suggestion: suggestion ?? null });
    // What is missing or no name was reported where it was read.
    if (trunk === '' || platform === '') continue;
    checkNames([{ value: trunk, at: entry.at('trunk') }], trunks, 'trunk', `${its}.trunk`, errors);
    const place = { value: platform, at: entry.at('platform') };
    checkNames([place], platforms, 'platform', `${its}.platform`, errors);
    if (!trunks.has(trunk) || !platforms.has(platform)) continue;
    if (seen.has(`${trunk} ${platform}`)) add('stands here twice');
    else yield [trunk, platform, add];
    seen.add(`${trunk} ${platform}`);
  }
}

function whyNotThere(
  trunk: string,
  platform: string,
  { common, known }: { common: ReadonlyMap<string, ReadonlySet<string>>; known: Known },
): string | null {
  const platforms = common.get(trunk);
  if (platforms === undefined) {
    // A trunk that is unknown may be this one, misspelt, and was reported.
    const isSound = common.keys().every((each) => known.trunks.has(each));
    return isSound ? `${trunk} is none of its trunks` : null;
  }
  if (platforms.has(platform)) return null;
  return known.trunks.get(trunk)?.has(platform) === true
    ? `${platform} is none of its platforms`
    : `the trunk ${trunk} has no runtime for the platform ${platform}`;
}
