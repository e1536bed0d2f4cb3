import type {
  BuilderFacts,
  DispatchFacts,
  Farm,
  Project,
  Upstream,
  WaitingRequest,
  WorkerFacts,
} from '@weir/model';

export const now = 1_000_000_000;

/** Runtime builder 1 of lua/main on debian, unless told otherwise. */
export function runtimeBuilder(over: Partial<BuilderFacts> = {}): BuilderFacts {
  return {
    id: 1,
    runtimeBuilderId: 1,
    name: 'lua/main/debian',
    kind: 'runtime',
    upstream: 'lua',
    trunk: 'main',
    project: null,
    platform: 'debian',
    labels: ['linux'],
    tier: 2,
    maxParallel: null,
    artifacts: 'same-worker',
    paused: null,
    verdict: 'green',
    lastDurationMs: 30_000,
    lastFinishedAt: null,
    breakages: 0,
    ...over,
  };
}

/** Project builder 2, of lume, whose runtime builder 1 makes. */
export function projectBuilder(over: Partial<BuilderFacts> = {}): BuilderFacts {
  const project = over.project ?? 'lume';
  return {
    ...runtimeBuilder(),
    id: 2,
    kind: 'project',
    project,
    name: `lua/main/${project}/debian`,
    ...over,
  };
}

/** Request 1 of builder 2 at commit `c1`. */
export function request(over: Partial<WaitingRequest> = {}): WaitingRequest {
  return {
    id: 1,
    builderId: 2,
    reason: 'trunk',
    upstreamCommit: 'c1',
    upstreamPosition: 1,
    projectPosition: 1,
    createdAt: now,
    notBefore: null,
    forWorkerId: null,
    lostByWorkerId: null,
    declinedBy: [],
    ...over,
  };
}

/** Worker 1: online, trusted enough, with both its slots free, keeping the runtime of builder 1 at `c1`. */
export function worker(over: Partial<WorkerFacts> = {}): WorkerFacts {
  const id = over.id ?? 1;
  return {
    id,
    name: `w${id}`,
    online: true,
    labels: new Set(['linux']),
    slots: 2,
    free: 2,
    trust: 'normal',
    isProbeable: true,
    paused: null,
    quarantined: null,
    diskFull: false,
    hasArtifacts: true,
    kept: new Set(['1@c1']),
    failed: new Set(),
    ...over,
  };
}

/** A round with builders 1 and 2, unless others are given. */
export function facts(
  over: Partial<Omit<DispatchFacts, 'builders'>> & { builders?: readonly BuilderFacts[] } = {},
): DispatchFacts {
  const builders = over.builders ?? [runtimeBuilder(), projectBuilder()];
  return {
    now,
    isFarmFull: false,
    requests: [],
    workers: [],
    running: [],
    artifacts: new Set(),
    slotSeconds: new Map(),
    ...over,
    builders: new Map(builders.map((builder) => [builder.id, builder])),
  };
}

/** Upstream lua with trunks main and v5 on debian and alpine. */
export function farm(projects: readonly Project[]): Farm {
  return {
    name: 'test',
    publicUrl: null,
    introduction: null,
    workerUrl: null,
    platforms: new Map([
      ['debian', ['linux']],
      ['alpine', ['linux', 'musl']],
    ]),
    artifacts: 'same-worker',
    upstreams: new Map([['lua', lua]]),
    projects: new Map(projects.map((each) => [each.name, each])),
    notify: {
      from: { name: '', address: 'weir@localhost' },
      smtp: null,
      gatherMs: 0,
      allowsPrivateWebhooks: false,
      webhooks: new Map(),
      heartbeat: { url: null, everyMs: 60_000 },
      subscriptions: [],
    },
    limits: {
      logBytes: 1,
      diskBytes: 1,
      memoryBytes: 1,
      processes: 1,
      fileBytes: 1,
      artifactBytes: 1,
      maxAttempts: 3,
      reattachWithinMs: 1_800_000,
      eventRetentionMs: 1,
      missingAfterMs: 1,
      minFreeBytes: 1,
    },
    retention: {
      buildsMs: 63_072_000_000,
      logsMs: 7_776_000_000,
      artifactsMs: 2_592_000_000,
      noticesMs: 31_536_000_000,
    },
    remotes: new Map(),
  };
}

const timer = { pollMs: 60_000, stableForMs: 30_000, maxWaitMs: 600_000 };

const lua: Upstream = {
  name: 'lua',
  repository: 'https://example.org/lua.git',
  trunks: new Map([
    ['main', { ...timer, name: 'main', branch: 'master' }],
    ['v5', { ...timer, name: 'v5', branch: 'v5' }],
  ]),
  platforms: ['debian', 'alpine'],
  tier: 2,
  env: {},
  steps: [],
  maxParallel: null,
  schedule: [],
  tests: { mayVanishPercent: 10, maySkipPercent: 10 },
};

export function project(over: Partial<Project> & { name: string }): Project {
  return {
    ...timer,
    repository: `https://example.org/${over.name}.git`,
    branch: 'main',
    trunks: ['lua/main', 'lua/v5'],
    platforms: ['debian'],
    tier: 2,
    env: {},
    include: [],
    exclude: [],
    onlyIfChanged: [],
    maxParallel: null,
    schedule: [],
    tests: { mayVanishPercent: 10, maySkipPercent: 10 },
    expectedFailures: [],
    services: [],
    steps: [],
    ...over,
  };
}
