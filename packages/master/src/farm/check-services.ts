import { serviceStepNames } from '@weir/model';
import type { ErrorList } from './error-list.ts';
import type { ProjectEntry } from './farm-of.ts';
import { quoted } from './value-type.ts';

/** Some step of a project can reach its services, and none has the name of one that the farm adds. */
export function checkServices(project: ProjectEntry, path: string, errors: ErrorList): void {
  const { services, steps } = project.values;
  if (services.size === 0 || steps.length === 0) return;
  if (!steps.some(({ value }) => value.values.network)) {
    errors.add({
      at: project.at('services'),
      path: `${path}.services`,
      problem: 'services that no step can reach',
      expected: 'a step with network: true',
    });
  }
  const taken: readonly string[] = Object.values(serviceStepNames);
  for (const [index, { value, at }] of steps.entries()) {
    const { name } = value.values;
    if (!taken.includes(name)) continue;
    errors.add({
      at,
      path: `${path}.steps[${index}]`,
      problem: `a step ${quoted(name)}, as the farm calls one that it adds for services`,
      suggestion: 'call it otherwise',
    });
  }
}
