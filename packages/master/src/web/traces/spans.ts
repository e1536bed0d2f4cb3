import type { Result } from '@weir/protocol';
import type { BuildLife, RequestLife } from './request-life.ts';

/** A stretch of a request's life, with those within it. Times are milliseconds UTC. */
export interface Stretch {
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly result: Result | null;
  /** What happened in a moment of it. */
  readonly moments: readonly { name: string; at: number; attributes: Stretch['attributes'] }[];
  readonly within: readonly Stretch[];
}

/** From `created_at` to `finished_at` of a request: it waits, is built, and perhaps both again. */
export function stretchesOf({ request, builds }: RequestLife): Stretch {
  const { created_at: startedAt, finished_at, result } = request;
  const endedAt = finished_at ?? startedAt;
  const within: Stretch[] = [];
  let since = startedAt;
  for (const build of builds) {
    within.push(wait(since, build.started_at), buildStretch(build, request.builder));
    since = build.finished_at ?? endedAt;
  }
  // One that nobody built any more; a moment less than a build's end and its own is no wait.
  if (builds.length === 0 || since < endedAt) within.push(wait(since, endedAt));
  const attributes = present({
    'weir.request': request.id,
    'weir.builder': request.builder,
    'weir.reason': request.reason,
    'weir.result': result,
    'weir.finding': request.finding,
    'weir.upstream.commit': request.upstream_commit,
    'weir.project.commit': request.project_commit,
    'weir.superseded_by': request.superseded_by,
  });
  return { name: 'request', startedAt, endedAt, attributes, result, moments: [], within };
}

function wait(startedAt: number, endedAt: number): Stretch {
  const nothing = { attributes: {}, result: null, moments: [], within: [] };
  return { name: 'wait', startedAt, endedAt, ...nothing };
}

function buildStretch(build: BuildLife, builder: string): Stretch {
  const { started_at: startedAt, finished_at, result, artifact } = build;
  const made = artifact && {
    name: 'artifact',
    at: artifact.made_at,
    attributes: { 'weir.artifact.sha256': artifact.sha256, 'weir.artifact.bytes': artifact.bytes },
  };
  return {
    name: 'build',
    startedAt,
    endedAt: finished_at ?? startedAt,
    attributes: present({
      'weir.build': build.id,
      'weir.build.number': build.number,
      'weir.builder': builder,
      'weir.worker': build.worker,
      'weir.attempt': build.attempt,
      'weir.result': result,
      'weir.findings': findingsOf(build),
    }),
    result,
    moments: made ? [made] : [],
    within: build.steps.flatMap(stepStretch),
  };
}

/** None for a step that never began. */
function stepStretch(step: BuildLife['steps'][number]): Stretch[] {
  const { name, result, started_at: startedAt, finished_at: endedAt } = step;
  if (startedAt === null || endedAt === null) return [];
  const attributes = present({
    'weir.step': step.step,
    'weir.result': result,
    'weir.findings': findingsOf(step),
    'weir.exit_code': step.exit_code,
    'weir.signal': step.signal,
  });
  return [
    { name: `step ${name}`, startedAt, endedAt, attributes, result, moments: [], within: [] },
  ];
}

function findingsOf({ findings_json: json }: { findings_json: string }): readonly string[] | null {
  const findings = JSON.parse(json) as string[];
  return findings.length === 0 ? null : findings;
}

function present(
  attributes: Readonly<Record<string, Stretch['attributes'][string] | null>>,
): Stretch['attributes'] {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}
