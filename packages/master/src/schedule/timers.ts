import type { Farm, StableTimer } from '@weir/model';
import { trunkName } from '@weir/model';

/** The stable timer of a followed branch; undefined when the farm file names no such branch. */
export function timerOf(farm: Farm, branch: string): StableTimer | undefined {
  const project = farm.projects.get(branch);
  if (project !== undefined) return project;
  for (const upstream of farm.upstreams.values()) {
    for (const trunk of upstream.trunks.values()) {
      if (trunkName(upstream.name, trunk.name) === branch) return trunk;
    }
  }
  return undefined;
}
