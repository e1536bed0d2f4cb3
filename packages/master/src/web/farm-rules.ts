import type { Builder, Farm, StableTimer } from '@weir/model';
import { extraLabels, familyOf, labelsWith, trunkName } from '@weir/model';
import type { FarmRules } from '../command.ts';
import { scheduledOf } from '../schedule/scheduled.ts';

/** What the web role must know of the farm to say why something waits, where an engine is alive. */
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
    isEngineAlive: true,
    artifacts: farm.artifacts,
    platforms: farm.platforms,
    extraLabels: new Map([
      ...[...farm.upstreams.values()].map(
        (upstream) =>
          [familyOf({ upstream: upstream.name, project: null }), extraLabels(upstream)] as const,
      ),
      ...[...farm.projects.values()].map(
        (project) =>
          [familyOf({ upstream: '', project: project.name }), extraLabels(project)] as const,
      ),
    ]),
    maxParallel,
    timers,
    schedules: new Map(
      [...schedules].map(([owner, its]) => [owner, its.map(({ recurrence }) => recurrence)]),
    ),
  };
}

/** The labels that a builder asks of workers; undefined when the farm file names its platform no more. */
export function labelsAsked(
  rules: FarmRules,
  builder: Pick<Builder, 'upstream' | 'project' | 'platform'>,
): readonly string[] | undefined {
  const labels = rules.platforms.get(builder.platform);
  return labels && labelsWith(labels, rules.extraLabels.get(familyOf(builder)) ?? []);
}
