import { expectedAt, platformsWith, stepsOn, trunkName, withServiceSteps } from '@weir/model';
import type { BuilderFacts, Farm, FarmStep } from '@weir/model';
import type {
  Artifact,
  BuildLimits,
  BuildSpec,
  ExpectedFailure,
  ServiceSpec,
  SourceSpec,
  StepSpec,
} from '@weir/protocol';
import type { RequestRow } from '../store/requests.ts';

/** All that a worker needs to run a build of a request, but for what only the written build has. */
export type BuildOrder = Omit<BuildSpec, 'build' | 'number' | 'share' | 'uploadToken'>;

/**
 * With the farm file in force.
 *
 * @param artifact of the runtime, where runtimes are shared and it is there
 * @param at when the build begins: what a project expects to fail has a last day
 * @throws Error when the farm file names the builder no more
 */
export function buildOrderOf(
  farm: Farm,
  builder: BuilderFacts,
  request: RequestRow,
  { artifact, at }: { artifact: Artifact | undefined; at: number },
): BuildOrder {
  const source = sourceOf(farm, builder, request);
  const { env, steps, services } = ownerOf(farm, builder);
  const known = farm.projects.get(builder.project ?? '')?.expectedFailures ?? [];
  const expected = expectedAt(known, at);
  return {
    builder: builder.name,
    kind: builder.kind,
    ...(source && { source }),
    runtime: {
      upstream: builder.upstream,
      trunk: builder.trunk,
      platform: builder.platform,
      commit: request.upstream_commit,
    },
    ...(builder.kind === 'project' && artifact && { artifact }),
    ...(builder.kind === 'runtime' && isRunWith(farm, builder) && { isNeeded: true }),
    env: { ...env, WEIR_PLATFORM: builder.platform },
    steps: withServiceSteps(
      stepsOn(steps, builder.platform).map((step) => withExpected(step, expected)),
      services,
    ),
    ...(services.length > 0 && { services: [...services] }),
    limits: limitsOf(farm),
  };
}

/** Whether any project is tested with the runtime. */
function isRunWith(farm: Farm, { upstream, trunk, platform }: BuilderFacts): boolean {
  return farm.projects
    .values()
    .some((each) => platformsWith(each, trunkName(upstream, trunk), [platform]).length > 0);
}

/** A step with a report is told what its project expects to fail on the day. */
function withExpected(step: StepSpec, expected: ExpectedFailure[]): StepSpec {
  if (step.report === undefined || expected.length === 0) return step;
  return { ...step, report: { ...step.report, expected } };
}

function ownerOf(
  farm: Farm,
  builder: BuilderFacts,
): {
  steps: readonly FarmStep[];
  env: Readonly<Record<string, string>>;
  services: readonly ServiceSpec[];
} {
  const owner =
    builder.project === null
      ? farm.upstreams.get(builder.upstream)
      : farm.projects.get(builder.project);
  if (owner === undefined) throw new Error(`the farm file names no ${builder.name}`);
  const { steps, env } = owner;
  return { steps, env, services: 'services' in owner ? owner.services : [] };
}

function sourceOf(farm: Farm, builder: BuilderFacts, request: RequestRow): SourceSpec | undefined {
  if (builder.project === null) {
    const upstream = farm.upstreams.get(builder.upstream);
    const trunk = upstream?.trunks.get(builder.trunk);
    if (upstream === undefined || trunk === undefined) {
      throw new Error(`the farm file names no ${builder.name}`);
    }
    const { repository, checkout } = upstream;
    const commit = request.upstream_commit;
    return { repository, ref: trunk.branch, commit, ...(checkout && { checkout }) };
  }
  const project = farm.projects.get(builder.project);
  const repository = project?.repository ?? null;
  if (project === undefined || repository === null || request.project_commit === null) {
    return undefined;
  }
  const { branch: ref, checkout } = project;
  return { repository, ref, commit: request.project_commit, ...(checkout && { checkout }) };
}

function limitsOf({ limits }: Farm): BuildLimits {
  const { logBytes, diskBytes, memoryBytes, processes, fileBytes, artifactBytes } = limits;
  return { logBytes, diskBytes, memoryBytes, processes, fileBytes, artifactBytes };
}
