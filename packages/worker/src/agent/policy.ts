import type { BuildSpec } from '@weir/protocol';

/** What the worker's owner lets it do. It is kept on this side, and wins. */
export interface Policy {
  /** Only these upstreams; empty: all. */
  readonly onlyUpstreams: readonly string[];
  /** Only these projects; empty: all. Runtimes are built for whichever projects are allowed. */
  readonly onlyProjects: readonly string[];
  /** Builds with services may run. */
  readonly allowsContainers: boolean;
}

/** Why the owner does not want this build; null when it may run. */
export function declineReason(policy: Policy, spec: BuildSpec): string | null {
  const { upstream, trunk } = spec.runtime;
  const { onlyUpstreams, onlyProjects } = policy;
  if (onlyUpstreams.length > 0 && !onlyUpstreams.includes(upstream)) {
    return `its owner allows only ${onlyUpstreams.join(', ')}`;
  }
  const wantsContainers = spec.services !== undefined;
  if (wantsContainers && !policy.allowsContainers) return 'its owner runs no containers';
  if (spec.kind !== 'project' || onlyProjects.length === 0) return null;
  const isAllowed = onlyProjects.some((project) =>
    spec.builder.startsWith(`${upstream}/${trunk}/${project}/`),
  );
  return isAllowed ? null : `its owner allows only ${onlyProjects.join(', ')}`;
}
