import type { StepSpec, ToldSpec } from '@weir/protocol';
import type { BuildOrder } from '../dispatch/build-spec.ts';

/** Rows have the rest: the build its number, each step its name and script. */
interface KeptSpec extends Omit<BuildOrder, 'builder' | 'steps'> {
  readonly steps: readonly Omit<StepSpec, 'name' | 'run'>[];
  /** What the farm file asked of the build's machine. */
  readonly labels: readonly string[];
  /** The worker was given a token too, to bring the runtime that the build makes. */
  readonly shares: boolean;
}

/**
 * What is kept of a build's order with the build, about 600 bytes: the farm file may be another one
 * by the time that somebody runs the build again, and may mean something else to a newer Weir.
 *
 * Everybody may read it (`/api/v1/builds/ID/spec`). An order holds no secrets; what will be one must
 * come to a worker beside it, as the token for uploads does.
 */
export function keepSpec(
  { builder: _builder, steps, ...order }: BuildOrder,
  more: Pick<KeptSpec, 'labels' | 'shares'>,
): string {
  const kept: KeptSpec = {
    ...order,
    steps: steps.map(({ name: _name, run: _run, ...step }) => step),
    ...more,
  };
  return JSON.stringify(kept);
}

export interface SpecRows {
  readonly build: { readonly id: number; readonly number: number; readonly spec_json: string };
  readonly builder: string;
  /** In their order. */
  readonly steps: readonly { readonly name: string; readonly run: string }[];
}

/** What the worker was told, put together again. */
export function toldSpec({
  build,
  builder,
  steps,
}: SpecRows): { spec: ToldSpec } & Pick<KeptSpec, 'labels' | 'shares'> {
  const { labels, shares, ...kept } = JSON.parse(build.spec_json) as KeptSpec;
  const whole = kept.steps.map((step, index) => {
    const { name = '', run = '' } = steps[index] ?? {};
    return { name, run, ...step };
  });
  const spec = { build: build.id, builder, number: build.number, ...kept, steps: whole };
  return { spec, labels, shares };
}
