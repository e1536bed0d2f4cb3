import { resolve } from 'node:path';
import type {
  Combination,
  Farm,
  FarmLimits,
  FarmStep,
  Project,
  Recurrence,
  Retention,
  TestRules,
  Trunk,
  Upstream,
} from '@weir/model';
import type { CheckoutSpec, ServiceSpec } from '@weir/protocol';
import { notifyOf } from './notify-of.ts';
import type { checkoutOptions } from './options-checkout.ts';
import type { combinationOptions } from './options-matrix.ts';
import type { scheduleOptions } from './options-schedule.ts';
import type { serviceOptions } from './options-services.ts';
import type { testsOptions } from './options-tests.ts';
import type { farmFileType, limitsOptions, retentionOptions, stepOptions } from './options.ts';
import type { projectOptions, trunkOptions, upstreamOptions } from './options.ts';
import type { Section } from './section.ts';
import type { Located, ValueType } from './value-type.ts';

export type FarmFile = typeof farmFileType extends ValueType<infer T> ? T : never;
export type UpstreamEntry = Section<typeof upstreamOptions>;
export type ProjectEntry = Section<typeof projectOptions>;
export type CombinationEntry = Section<typeof combinationOptions>;

/** What a farm file without errors means, all defaults filled in. Relative paths begin at `base`. */
export function farmOf(file: FarmFile, base: string): Farm {
  const { values } = file;
  const platforms = mapValues(values.platforms, (labels) => labels.map(({ value }) => value));
  const upstreams = mapValues(values.upstreams, ({ values: upstream }, name) =>
    upstreamOf(name, upstream, [...platforms.keys()]),
  );
  return {
    name: values.farm,
    publicUrl: values['public-url'],
    introduction: values.introduction,
    workerUrl: workerUrlOf(values['worker-url']),
    platforms,
    upstreams,
    artifacts: values.artifacts,
    projects: mapValues(values.projects, ({ values: project }, name) =>
      projectOf(name, project, upstreams),
    ),
    notify: notifyOf(file),
    limits: limitsOf(values.limits),
    retention: retentionOf(values.retention),
    remotes: mapValues(values.remotes, (local) => resolve(base, local)),
  };
}

/** Where the gateway listens, unless a proxy in front of it has another path. */
function workerUrlOf(url: string | null): string | null {
  if (url === null || url.startsWith('/')) return url;
  return new URL(url).pathname === '/' ? `${url}/worker` : url;
}

function upstreamOf(
  name: string,
  upstream: UpstreamEntry['values'],
  allPlatforms: readonly string[],
): Upstream {
  return {
    name,
    repository: upstream.repository.url,
    trunks: mapValues(upstream.trunks, ({ values }, trunk) => trunkOf(trunk, values)),
    platforms: upstream.platforms?.map(({ value }) => value) ?? allPlatforms,
    tier: upstream.tier,
    env: variables(upstream.env),
    ...checkoutOf(upstream.checkout),
    steps: upstream.steps.map(({ value }) => stepOf(value)),
    tests: testRulesOf(upstream.tests),
    maxParallel: upstream['max-parallel'],
    schedule: scheduleOf(upstream.schedule),
  };
}

function trunkOf(name: string, trunk: Section<typeof trunkOptions>['values']): Trunk {
  return { name, branch: trunk.branch ?? name, ...pace(trunk) };
}

function projectOf(
  name: string,
  project: ProjectEntry['values'],
  upstreams: ReadonlyMap<string, Upstream>,
): Project {
  const trunks = project.trunks.map(({ value }) => value);
  const itsUpstreams = new Set(trunks.map((trunk) => trunk.split('/')[0] ?? ''));
  const theirPlatforms = [...itsUpstreams].flatMap(
    (upstream) => upstreams.get(upstream)?.platforms ?? [],
  );
  return {
    name,
    repository: project.repository?.url ?? null,
    branch: project.branch,
    ...pace(project),
    trunks,
    platforms: project.platforms?.map(({ value }) => value) ?? [...new Set(theirPlatforms)],
    include: project.include.map(combinationOf),
    exclude: project.exclude.map(combinationOf),
    tier: project.tier,
    env: variables(project.env),
    onlyIfChanged: project['only-if-changed'].map(({ value }) => value),
    maxParallel: project['max-parallel'],
    schedule: scheduleOf(project.schedule),
    services: [...project.services].map(([service, { value }]) => serviceOf(service, value)),
    ...checkoutOf(project.checkout),
    steps: project.steps.map(({ value }) => stepOf(value)),
    tests: testRulesOf(project.tests),
    expectedFailures: project['expected-failures'].map(({ value: { values } }) => values),
  };
}

/** Nothing where it is all defaults. */
function checkoutOf({ values }: Section<typeof checkoutOptions>): { checkout?: CheckoutSpec } {
  const { submodules, depth, lfs } = values;
  const checkout = {
    ...(submodules && { submodules }),
    ...(depth !== null && { depth }),
    ...(lfs && { lfs }),
  };
  return Object.keys(checkout).length === 0 ? {} : { checkout };
}

function testRulesOf({ values }: Section<typeof testsOptions>): TestRules {
  return { mayVanishPercent: values['may-vanish'], maySkipPercent: values['may-skip'] };
}

function combinationOf({ value: { values } }: Located<CombinationEntry>): Combination {
  return { trunk: values.trunk, platform: values.platform };
}

function scheduleOf(
  times: readonly Located<Section<typeof scheduleOptions>>[],
): readonly Recurrence[] {
  return times.flatMap(({ value: { values } }): Recurrence[] => {
    const { cron, timezone, every } = values;
    if (cron !== null) return [{ kind: 'cron', cron, timezone }];
    return every === null ? [] : [{ kind: 'every', everyMs: every }];
  });
}

function pace(branch: { poll: number; 'stable-for': number; 'max-wait': number }): {
  pollMs: number;
  stableForMs: number;
  maxWaitMs: number;
} {
  return {
    pollMs: branch.poll,
    stableForMs: branch['stable-for'],
    maxWaitMs: branch['max-wait'],
  };
}

function stepOf({ values }: Section<typeof stepOptions>): FarmStep {
  const { name, run, network, install, timeout, silence, always, platforms } = values;
  const resolved = values.resolved.map(({ value }) => value);
  const step = {
    name,
    run,
    network,
    install,
    timeoutMs: timeout,
    silenceMs: silence,
    ...(values['continue-on-failure'] && { continueOnFailure: true }),
    ...(always && { always }),
    ...(platforms !== null && { platforms: platforms.map(({ value }) => value) }),
    ...(resolved.length > 0 && { resolved }),
  };
  const { report: format } = values;
  if (format === null) return step;
  const files = values['report-files'].map(({ value }) => value);
  return { ...step, report: { format, files } };
}

function serviceOf(
  name: string,
  {
    values: { image, port, command, env, ready, memory, 'start-within': startWithin },
  }: Section<typeof serviceOptions>,
): ServiceSpec {
  return {
    name,
    image,
    port,
    command: command.map(({ value }) => value),
    env: variables(env),
    ...(ready !== null && { ready }),
    memoryBytes: memory,
    startWithinMs: startWithin,
  };
}

function limitsOf({ values }: Section<typeof limitsOptions>): FarmLimits {
  return {
    logBytes: values.log,
    diskBytes: values.disk,
    memoryBytes: values.memory,
    processes: values.processes,
    fileBytes: values.file,
    maxAttempts: values['max-attempts'],
    reattachWithinMs: values['reattach-within'],
    eventRetentionMs: values['event-retention'],
    missingAfterMs: values['missing-after'],
    artifactBytes: values.artifact,
    minFreeBytes: values['min-free'],
  };
}

function retentionOf({ values }: Section<typeof retentionOptions>): Retention {
  const { builds, logs, artifacts, notices } = values;
  return { buildsMs: builds, logsMs: logs, artifactsMs: artifacts, noticesMs: notices };
}

function variables(env: ReadonlyMap<string, Located<string>>): Readonly<Record<string, string>> {
  return Object.fromEntries([...env].map(([name, { value }]) => [name, value]));
}

function mapValues<T, U>(
  map: ReadonlyMap<string, Located<T>>,
  change: (value: T, key: string) => U,
): Map<string, U> {
  return new Map([...map].map(([key, { value }]) => [key, change(value, key)]));
}
