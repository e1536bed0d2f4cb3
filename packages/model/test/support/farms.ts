import fc from 'fast-check';
import type { Farm, FarmStep, Project, Upstream } from '../../src/index.ts';

const minute = 60_000;
const pace = { pollMs: minute, stableForMs: 0, maxWaitMs: 10 * minute };

function step(name: string, run: string): FarmStep {
  const times = { timeoutMs: 20 * minute, silenceMs: 10 * minute };
  return { name, run, network: false, install: false, ...times };
}

function upstream(name: string, change: Partial<Upstream> = {}): Upstream {
  return {
    name,
    repository: `https://git.example/${name}`,
    trunks: new Map([['main', { name: 'main', branch: 'main', ...pace }]]),
    platforms: ['x64', 'arm'],
    tier: 2,
    env: {},
    steps: [step('build', 'make')],
    maxParallel: null,
    schedule: [],
    tests: { mayVanishPercent: 10, maySkipPercent: 10 },
    ...change,
  };
}

function project(name: string, change: Partial<Project> = {}): Project {
  return {
    name,
    repository: `https://git.example/${name}`,
    branch: 'main',
    ...pace,
    trunks: ['lang/main'],
    platforms: ['x64'],
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
    steps: [step('test', 'make check')],
    ...change,
  };
}

/** A language on two platforms, and a project of it on one. */
export function smallFarm(): Farm {
  return {
    name: 'Farm',
    publicUrl: null,
    introduction: null,
    workerUrl: null,
    platforms: new Map([
      ['x64', ['linux', 'x64']],
      ['arm', ['linux', 'arm64']],
    ]),
    upstreams: new Map([['lang', upstream('lang')]]),
    projects: new Map([['app', project('app')]]),
    artifacts: 'trusted',
    notify: {
      from: { name: 'Weir', address: 'weir@localhost' },
      smtp: null,
      gatherMs: 10 * minute,
      allowsPrivateWebhooks: false,
      webhooks: new Map(),
      heartbeat: { url: null, everyMs: 60_000 },
      subscriptions: [],
    },
    limits: {
      logBytes: 256 * 2 ** 20,
      diskBytes: 4 * 2 ** 30,
      memoryBytes: 2 * 2 ** 30,
      processes: 512,
      fileBytes: 2 ** 30,
      maxAttempts: 3,
      reattachWithinMs: 30 * minute,
      eventRetentionMs: 30 * 86_400_000,
      missingAfterMs: 90 * minute,
      artifactBytes: 4 * 2 ** 30,
      minFreeBytes: 1,
    },
    retention: {
      buildsMs: 63_072_000_000,
      logsMs: 7_776_000_000,
      noticesMs: 31_536_000_000,
      artifactsMs: 2_592_000_000,
    },
    remotes: new Map(),
  };
}

const platforms = fc.subarray(['x64', 'arm'], { minLength: 1 });
const combinations = fc.subarray(
  ['lang/main', 'lang/next'].flatMap((trunk) =>
    ['x64', 'arm'].map((platform) => ({ trunk, platform })),
  ),
);

function withPlatforms(each: FarmStep, its: readonly string[] | undefined): FarmStep {
  return its === undefined ? each : { ...each, platforms: its };
}

const tier = fc.constantFrom(1 as const, 2 as const, 3 as const);
const steps = fc
  .uniqueArray(fc.constantFrom('build', 'test', 'install'), { minLength: 1 })
  .chain((names) =>
    fc
      .tuple(fc.constant(names), fc.constantFrom('make', 'true'))
      .map(([each, run]) => each.map((name) => step(name, run))),
  )
  .chain((all) =>
    // The first one runs everywhere, so that every platform has a step.
    fc
      .array(platforms, { maxLength: all.length - 1 })
      .map((some) => all.map((each, index) => withPlatforms(each, some[index - 1]))),
  );
const named = <T extends { name: string }>(each: T): readonly [string, T] => [each.name, each];

/** Farms that differ in little, so that two of them have much in common. */
export const anyFarm: fc.Arbitrary<Farm> = fc
  .record({
    upstreams: fc.array(
      fc.record({
        platforms,
        tier,
        steps,
        trunks: fc.subarray(['main', 'next'], { minLength: 1 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    projects: fc.array(
      fc.record({
        tier,
        steps,
        branch: fc.constantFrom('main', 'dev'),
        platforms,
        include: combinations,
        exclude: combinations,
      }),
      { maxLength: 2 },
    ),
    memoryBytes: fc.constantFrom(2 ** 30, 2 ** 31),
    arm: fc.constantFrom(['arm64'], ['arm64', 'big']),
    isTurned: fc.boolean(),
  })
  .map(({ upstreams, projects, memoryBytes, arm, isTurned }) => {
    const small = smallFarm();
    const its = projects.map((change, index) => named(project(`app${index}`, change)));
    return {
      ...small,
      platforms: new Map([...small.platforms, ['arm', arm]]),
      upstreams: new Map(
        upstreams.map(({ trunks, ...change }, index) => {
          const followed = trunks.map((name) => named({ name, branch: name, ...pace }));
          return named(
            upstream(index === 0 ? 'lang' : 'other', { ...change, trunks: new Map(followed) }),
          );
        }),
      ),
      projects: new Map(isTurned ? its.toReversed() : its),
      limits: { ...small.limits, memoryBytes },
    };
  });
