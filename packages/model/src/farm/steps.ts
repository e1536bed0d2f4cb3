import type { StepSpec } from '@weir/protocol';
import type { FarmStep } from './farm.ts';

/** What a worker is told to run on one platform, in the file's order. */
export function stepsOn(steps: readonly FarmStep[], platform: string): StepSpec[] {
  return steps.flatMap(({ platforms, ...step }) =>
    platforms === undefined || platforms.includes(platform) ? [step] : [],
  );
}
