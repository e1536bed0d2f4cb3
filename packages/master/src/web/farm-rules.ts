import type { Farm, StableTimer } from '@weir/model';
import { familyOf, trunkName } from '@weir/model';
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
    maxParallel,
    timers,
    schedules: new Map(
      [...schedules].map(([owner, its]) => [owner, its.map(({ recurrence }) => recurrence)]),
    ),
  };
}
