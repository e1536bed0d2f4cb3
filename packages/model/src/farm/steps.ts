import type { ServiceSpec, StepSpec } from '@weir/protocol';
import type { FarmStep } from './farm.ts';

/** What a worker is told to run on one platform, in the file's order. */
export function stepsOn(steps: readonly FarmStep[], platform: string): StepSpec[] {
  return steps.flatMap(({ platforms, ...step }) =>
    platforms === undefined || platforms.includes(platform) ? [step] : [],
  );
}

/** Names of the steps that start and stop services: no others may have them. */
export const serviceStepNames = { start: 'start services', stop: 'stop services' } as const;

/** For fetching images, in milliseconds. */
const fetchMs = 10 * 60_000;
/** Of a step that stops services, in milliseconds. */
const stopMs = 2 * 60_000;

/** The steps of a build with those before and after them that start and stop its services. */
export function withServiceSteps(
  steps: readonly StepSpec[],
  services: readonly ServiceSpec[],
): StepSpec[] {
  if (services.length === 0) return [...steps];
  const startMs = fetchMs + Math.max(...services.map(({ startWithinMs }) => startWithinMs));
  const list = services.map(({ name, image, port }) => `# ${name}: ${image}, port ${port}`);
  const step = (services: 'start' | 'stop', timeoutMs: number): StepSpec => ({
    name: serviceStepNames[services],
    run: list.join('\n'),
    network: false,
    timeoutMs,
    silenceMs: timeoutMs,
    install: false,
    services,
  });
  return [step('start', startMs), ...steps, { ...step('stop', stopMs), always: true }];
}
