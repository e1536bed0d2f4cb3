import { expectedAt, stepsOn } from '@weir/model';
import type { BuilderFacts, Farm, FarmStep } from '@weir/model';
import type { BuildLimits, BuildSpec, ExpectedFailure, SourceSpec, StepSpec } from '@weir/protocol';
import type { RequestRow } from '../store/requests.ts';

/** The steps of a builder, from the farm file in force. @throws when the file names it no more */
export function stepsOf(farm: Farm, builder: BuilderFacts): readonly StepSpec[] {
  return stepsOn(ownerOf(farm, builder).steps, builder.platform);
}

/** All that a worker needs to run one build of a request, with the farm file in force. */
export function buildSpecOf(
  farm: Farm,
  builder: BuilderFacts,
  request: RequestRow,
  build: { id: number; number: number; startedAt: number },
): BuildSpec {
  const source = sourceOf(farm, builder, request);
  const known = farm.projects.get(builder.project ?? '')?.expectedFailures ?? [];
  const expected = expectedAt(known, build.startedAt);
  return {
    build: build.id,
    builder: builder.name,
    number: build.number,
    kind: builder.kind,
    ...(source && { source }),
    runtime: {
      upstream: builder.upstream,
      trunk: builder.trunk,
      platform: builder.platform,
      commit: request.upstream_commit,
    },
    env: { ...ownerOf(farm, builder).env, WEIR_PLATFORM: builder.platform },
    steps: stepsOf(farm, builder).map((step) => withExpected(step, expected)),
    limits: limitsOf(farm),
  };
}

/** A step with a report is told what its project expects to fail on the day. */
function withExpected(step: StepSpec, expected: ExpectedFailure[]): StepSpec {
  if (step.report === undefined || expected.length === 0) return step;
  return { ...step, report: { ...step.report, expected } };
}

function ownerOf(
  farm: Farm,
  builder: BuilderFacts,
): { steps: readonly FarmStep[]; env: Readonly<Record<string, string>> } {
  const owner =
    builder.project === null
      ? farm.upstreams.get(builder.upstream)
      : farm.projects.get(builder.project);
  if (owner === undefined) throw new Error(`the farm file names no ${builder.name}`);
  return owner;
}

function sourceOf(farm: Farm, builder: BuilderFacts, request: RequestRow): SourceSpec | undefined {
  if (builder.project === null) {
    const upstream = farm.upstreams.get(builder.upstream);
    const trunk = upstream?.trunks.get(builder.trunk);
    if (upstream === undefined || trunk === undefined) {
      throw new Error(`the farm file names no ${builder.name}`);
    }
    const { repository } = upstream;
    return { repository, ref: trunk.branch, commit: request.upstream_commit };
  }
  const project = farm.projects.get(builder.project);
  const repository = project?.repository ?? null;
  if (project === undefined || repository === null || request.project_commit === null) {
    return undefined;
  }
  return { repository, ref: project.branch, commit: request.project_commit };
}

function limitsOf({ limits }: Farm): BuildLimits {
  const { logBytes, diskBytes, memoryBytes, processes, fileBytes } = limits;
  return { logBytes, diskBytes, memoryBytes, processes, fileBytes };
}
