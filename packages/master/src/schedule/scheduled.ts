import type { BuilderFacts, Farm, Recurrence } from '@weir/model';

/** What the farm file schedules: an upstream's runtimes or a project, by one recurrence. */
export interface Scheduled {
  /** `upstream/NAME` or `project/NAME` */
  readonly owner: string;
  readonly recurrence: Recurrence;
}

/** Every schedule of a farm file. */
export function scheduledOf(farm: Farm): Scheduled[] {
  const of = (owner: string, schedule: readonly Recurrence[]): Scheduled[] =>
    schedule.map((recurrence) => ({ owner, recurrence }));
  return [
    ...[...farm.upstreams.values()].flatMap((its) => of(`upstream/${its.name}`, its.schedule)),
    ...[...farm.projects.values()].flatMap((its) => of(`project/${its.name}`, its.schedule)),
  ];
}

/** Whose schedule asks for this builder. */
export function ownerOf({ upstream, project }: Pick<BuilderFacts, 'upstream' | 'project'>): string {
  return project === null ? `upstream/${upstream}` : `project/${project}`;
}
