import type { Farm, StableTimer } from '@weir/model';
import { familyOf, labelsFor, trunkName } from '@weir/model';
import type { FarmRules } from '../command.ts';
import { scheduledOf } from '../schedule/scheduled.ts';

/** What the web thread must know of the farm to say why something waits. */
export function farmRulesOf(farm: Farm, isFarmFull: boolean): FarmRules {
  const maxParallel = new Map<string, number>();
  const timers = new Map<string, StableTimer>();
  for (const { name, trunks, maxParallel: most } of farm.upstreams.values()) {
    if (most !== null) maxParallel.set(familyOf({ upstream: name, project: null }), most);
    for (const { name: trunk, stableForMs, maxWaitMs } of trunks.values()) {
      timers.set(trunkName(name, trunk), { stableForMs, maxWaitMs });
    }
  }
  for (const { name, maxParallel: most, stableForMs, maxWaitMs } of farm.projects.values()) {
    if (most !== null) maxParallel.set(familyOf({ upstream: '', project: name }), most);
    timers.set(name, { stableForMs, maxWaitMs });
  }
  const schedules = Map.groupBy(scheduledOf(farm), ({ owner }) => owner);
  return {
    isFarmFull,
    artifacts: farm.artifacts,
    platforms: farm.platforms,
    withServices: new Set(
      [...farm.projects.values()].flatMap(({ name, services }) =>
        services.length > 0 ? [name] : [],
      ),
    ),
    maxParallel,
    timers,
    schedules: new Map(
      [...schedules].map(([owner, its]) => [owner, its.map(({ recurrence }) => recurrence)]),
    ),
  };
}

/** The labels that a builder asks of workers; undefined when the farm file names its platform no more. */
export function labelsAsked(
  { platforms, withServices }: FarmRules,
  { platform, project }: { readonly platform: string; readonly project: string | null },
): readonly string[] | undefined {
  const labels = platforms.get(platform);
  return labels && labelsFor(labels, project !== null && withServices.has(project));
}
