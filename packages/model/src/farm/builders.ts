import type { Builder, Farm, FollowedBranch } from './farm.ts';

/** The name that a trunk has everywhere: as a followed branch, in projects' `trunks`, in URLs. */
export function trunkName(upstream: string, trunk: string): string {
  return `${upstream}/${trunk}`;
}

/**
 * The matrix of builders that a farm file means, in the file's order: for each trunk its runtime
 * builders, then its project builders. A project is built on those of its platforms for which its
 * upstream has a runtime.
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
          labels: farm.platforms.get(platform) ?? [],
          tier: upstream.tier,
          maxParallel: upstream.maxParallel,
          artifacts: farm.artifacts,
        });
      }
      for (const project of farm.projects.values()) {
        if (!project.trunks.includes(column)) continue;
        for (const platform of project.platforms) {
          if (!upstream.platforms.includes(platform)) continue;
          builders.push({
            ...common,
            name: `${column}/${project.name}/${platform}`,
            kind: 'project',
            project: project.name,
            platform,
            labels: farm.platforms.get(platform) ?? [],
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
