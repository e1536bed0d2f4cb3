import { containersLabel, lfsLabel } from '@weir/protocol';
import type { Builder, Combination, Farm, FollowedBranch, Project } from './farm.ts';

/** The name that a trunk has everywhere: as a followed branch, in projects' `trunks`, in URLs. */
export function trunkName(upstream: string, trunk: string): string {
  return `${upstream}/${trunk}`;
}

/**
 * The matrix of builders that a farm file means, in the file's order: for each trunk its runtime
 * builders, then its project builders.
 */
export function buildersOf(farm: Farm): Builder[] {
  const builders: Builder[] = [];
  for (const upstream of farm.upstreams.values()) {
    for (const trunk of upstream.trunks.keys()) {
      const column = trunkName(upstream.name, trunk);
      const common = { upstream: upstream.name, trunk };
      for (const platform of upstream.platforms) {
        builders.push({
          ...common,
          name: `${column}/${platform}`,
          kind: 'runtime',
          project: null,
          platform,
          labels: labelsWith(farm.platforms.get(platform) ?? [], extraLabels(upstream)),
          tier: upstream.tier,
          maxParallel: upstream.maxParallel,
          artifacts: farm.artifacts,
        });
      }
      for (const project of farm.projects.values()) {
        for (const platform of platformsWith(project, column, upstream.platforms)) {
          builders.push({
            ...common,
            name: `${column}/${project.name}/${platform}`,
            kind: 'project',
            project: project.name,
            platform,
            labels: labelsWith(farm.platforms.get(platform) ?? [], extraLabels(project)),
            tier: project.tier,
            maxParallel: project.maxParallel,
            artifacts: farm.artifacts,
          });
        }
      }
    }
  }
  return builders;
}

/** What the builds of an upstream or a project ask of a machine, whatever its platform asks for. */
export function extraLabels({
  checkout,
  services = [],
}: Pick<Project, 'checkout'> & Partial<Pick<Project, 'services'>>): readonly string[] {
  const forCheckout = checkout?.lfs === true ? [lfsLabel] : [];
  return services.length > 0 ? [...forCheckout, containersLabel] : forCheckout;
}

/** The labels of a platform and some more, each once. */
export function labelsWith(
  platform: readonly string[],
  more: readonly string[],
): readonly string[] {
  return more.length === 0 ? platform : [...new Set([...platform, ...more])];
}

/**
 * Where a project is tested with a trunk: on those of its platforms for which there is a runtime,
 * but for what it leaves out, and then where it is tested beside them.
 *
 * @param runtimes the platforms for which the trunk's runtime is built
 */
export function platformsWith(
  { trunks, platforms, include, exclude }: Project,
  trunk: string,
  runtimes: readonly string[],
): string[] {
  const left = platformsOf(exclude, trunk);
  const common = trunks.includes(trunk) ? platforms.filter((each) => !left.has(each)) : [];
  const all = include.length === 0 ? common : new Set([...common, ...platformsOf(include, trunk)]);
  return [...all].filter((platform) => runtimes.includes(platform));
}

/** Every trunk that a project is tested with. */
export function trunksOf({ trunks, include }: Project): string[] {
  return [...new Set([...trunks, ...include.map(({ trunk }) => trunk)])];
}

const none: ReadonlySet<string> = new Set();

function platformsOf(combinations: readonly Combination[], trunk: string): ReadonlySet<string> {
  if (combinations.length === 0) return none;
  const its = combinations.filter((each) => each.trunk === trunk);
  return new Set(its.map(({ platform }) => platform));
}

/** Every branch that the farm must follow: all trunks, and the branch of each project that has a repository. */
export function followedBranchesOf(farm: Farm): FollowedBranch[] {
  const branches: FollowedBranch[] = [];
  for (const upstream of farm.upstreams.values()) {
    for (const trunk of upstream.trunks.values()) {
      branches.push({
        name: trunkName(upstream.name, trunk.name),
        kind: 'trunk',
        repository: upstream.repository,
        ref: trunk.branch,
        pollMs: trunk.pollMs,
      });
    }
  }
  for (const project of farm.projects.values()) {
    if (project.repository === null) continue;
    branches.push({
      name: project.name,
      kind: 'project',
      repository: project.repository,
      ref: project.branch,
      pollMs: project.pollMs,
    });
  }
  return branches;
}
