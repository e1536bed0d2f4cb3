import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { buildersOf, isEmptyPlan, planLines, planOf, planSentence } from '../../src/index.ts';
import type { Farm, Project, Upstream } from '../../src/index.ts';
import { anyFarm, smallFarm } from '../support/farms.ts';

const app = 'lang/main/app/x64';

function withProject(farm: Farm, change: Partial<Project>): Farm {
  const project = farm.projects.get('app');
  assert.ok(project);
  return { ...farm, projects: new Map([...farm.projects, ['app', { ...project, ...change }]]) };
}

function withUpstream(farm: Farm, change: Partial<Upstream>): Farm {
  const upstream = farm.upstreams.get('lang');
  assert.ok(upstream);
  return { ...farm, upstreams: new Map([...farm.upstreams, ['lang', { ...upstream, ...change }]]) };
}

describe('the plan of another farm file', () => {
  const farm = smallFarm();
  const [step] = farm.projects.get('app')?.steps ?? [];
  assert.ok(step);

  it('adds everything where none was in force', () => {
    const plan = planOf(null, farm);

    assert.deepEqual(
      plan.builders.map(({ name, action }) => [name, action]),
      [
        ['lang/main/x64', 'added'],
        ['lang/main/arm', 'added'],
        [app, 'added'],
      ],
    );
  });

  it('names what changes of a service, and the builders that need containers for it', () => {
    const service = {
      name: 'db',
      image: 'postgres:16',
      port: 5432,
      command: [],
      env: { FooTimeoutMs: '5' },
      memoryBytes: 2 ** 29,
      startWithinMs: 60_000,
    };

    const plan = planOf(farm, withProject(farm, { services: [service] }));

    assert.deepEqual(
      plan.parts[0]?.settings.map(({ setting, after }) => `${setting} ${after}`),
      [
        'services db',
        'services.db.image postgres:16',
        'services.db.port 5432',
        'services.db.env.FooTimeoutMs 5',
        'services.db.memory 512MiB',
        'services.db.start-within 1m',
      ],
    );
    assert.deepEqual(
      plan.builders.map(({ name, changed }) => [name, changed]),
      [[app, ['services']]],
    );
  });

  it('names each setting as the file does, with its values', () => {
    const steps = [{ ...step, timeoutMs: 90_000, run: 'make test' }];
    const tests = { mayVanishPercent: 12.5, maySkipPercent: 10 };
    const project = { steps, tests, pollMs: 120_000, env: { CC: 'gcc' } };
    const plan = planOf(farm, withProject(farm, project));

    assert.deepEqual(plan.parts, [
      {
        part: 'project',
        name: 'app',
        action: 'changed',
        settings: [
          { setting: 'poll', before: '1m', after: '2m' },
          { setting: 'env.CC', before: null, after: 'gcc' },
          { setting: 'tests.may-vanish', before: '10%', after: '12.5%' },
          { setting: 'steps.test.run', before: 'make check', after: 'make test' },
          { setting: 'steps.test.timeout', before: '20m', after: '90s' },
        ].toSorted((a, b) => order(plan, a.setting) - order(plan, b.setting)),
      },
    ]);
  });

  it('leaves the names of variables as they are', () => {
    const before = withProject(farm, { env: { Timeout: '1', TimeoutMs: '5', NodeEnv: 'a' } });
    const after = withProject(farm, { env: { Timeout: '1', TimeoutMs: '7', NodeEnv: 'b' } });

    assert.deepEqual(planOf(before, after).parts[0]?.settings, [
      { setting: 'env.TimeoutMs', before: '5', after: '7' },
      { setting: 'env.NodeEnv', before: 'a', after: 'b' },
    ]);
  });

  it('builds what waits by other steps, and lets what runs go on', () => {
    const underWay = new Map([
      [app, { waiting: 2, running: 1 }],
      ['lang/main/x64', { waiting: 1, running: 0 }],
    ]);

    const plan = planOf(farm, withProject(farm, { steps: [{ ...step, run: 'true' }] }), underWay);

    assert.deepEqual(plan.builders, [
      { name: app, action: 'changed', changed: ['steps'], waiting: 2, fate: 'changed', running: 1 },
    ]);
    assert.deepEqual(plan.requests, { kept: 1, changed: 2, cancelled: 0 });
    assert.equal(plan.running, 1);
  });

  it('cancels what waits for builders that go, or for another repository', () => {
    const underWay = new Map([[app, { waiting: 2, running: 0 }]]);
    const without: Farm = { ...farm, projects: new Map() };
    const repository = 'https://git.example/other';

    assert.equal(planOf(farm, without, underWay).requests.cancelled, 2);
    assert.equal(planOf(farm, withProject(farm, { repository }), underWay).requests.cancelled, 2);
    assert.equal(planOf(farm, withUpstream(farm, { repository }), underWay).requests.cancelled, 2);
    assert.equal(planOf(farm, withProject(farm, { tier: 1 }), underWay).requests.kept, 2);
  });

  it('adds and removes the builders that a project includes and excludes', () => {
    const common = { platforms: ['x64', 'arm'] };
    const exclude = [{ trunk: 'lang/main', platform: 'arm' }];
    const include = [{ trunk: 'lang/main', platform: 'arm' }];
    const underWay = new Map([['lang/main/app/arm', { waiting: 2, running: 1 }]]);
    const lines = (before: Partial<Project>, after: Partial<Project>): string[] =>
      planLines(planOf(withProject(farm, before), withProject(farm, after), underWay)).map(
        ({ sign, text }) => `${sign} ${text}`,
      );

    assert.deepEqual(lines(common, { ...common, exclude }), [
      '~ project app',
      '+ exclude: lang/main arm',
      '- builder lang/main/app/arm: 2 waiting cancelled; 1 running goes on as begun',
    ]);
    assert.deepEqual(lines({}, { include }).slice(0, 2), [
      '~ project app',
      '+ include: lang/main arm',
    ]);
    assert.match(lines({}, { include })[2] ?? '', /^\+ builder lang\/main\/app\/arm/);
  });

  it('changes the builders on whose platforms another step runs', () => {
    const both = { platforms: ['x64', 'arm'] };
    const bench = { ...step, name: 'bench', platforms: ['arm'] };
    const changed = (before: Partial<Project>, after: Partial<Project>): string[] =>
      planOf(
        withProject(farm, { ...both, ...before }),
        withProject(farm, { ...both, ...after }),
      ).builders.map(({ name }) => name);

    assert.deepEqual(changed({}, { steps: [step, bench] }), ['lang/main/app/arm']);
    assert.deepEqual(
      changed({ steps: [step, bench] }, { steps: [step, { ...bench, platforms: ['x64'] }] }),
      [app, 'lang/main/app/arm'],
    );
    assert.deepEqual(
      planOf(
        withProject(farm, { steps: [step, bench] }),
        withProject(farm, { steps: [step, { ...bench, platforms: ['x64', 'arm'] }] }),
      ).parts[0]?.settings,
      [{ setting: 'steps.bench.platforms', before: 'arm', after: 'x64, arm' }],
    );
  });

  it('tells of limits and labels to the builders that they concern', () => {
    const arm: Farm = {
      ...farm,
      platforms: new Map([...farm.platforms, ['arm', ['arm64', 'big']]]),
    };
    const small: Farm = { ...farm, limits: { ...farm.limits, memoryBytes: 2 ** 30 } };
    const patient: Farm = { ...farm, limits: { ...farm.limits, maxAttempts: 9 } };

    const changed = (other: Farm) =>
      planOf(farm, other).builders.map((builder) => [builder.name, ...builder.changed]);
    assert.deepEqual(changed(arm), [['lang/main/arm', 'labels']]);
    assert.deepEqual(changed(small), [
      ['lang/main/x64', 'limits'],
      ['lang/main/arm', 'limits'],
      [app, 'limits'],
    ]);
    assert.deepEqual(changed(patient), []);
    assert.equal(isEmptyPlan(planOf(farm, patient)), false);
  });

  it('shows nobody whom the farm tells', () => {
    const webhooks = new Map([['room', { url: 'https://chat.example/secret', secretEnv: 'X' }]]);
    const subscriptions = [{ channel: 'mail', address: 'ada@example.org', scope: 'farm' }] as const;
    const told: Farm = { ...farm, notify: { ...farm.notify, webhooks, subscriptions } };

    const plan = planOf(farm, told);

    assert.doesNotMatch(JSON.stringify(plan), /ada@|secret"/);
    assert.deepEqual(
      planLines(plan).map(({ text }) => text),
      [
        'farm Farm',
        'notify.webhooks.room.url changed',
        'notify.webhooks.room.secret-env changed',
        'notify.subscriptions changed',
      ],
    );
  });

  it('is told in lines, and in one sentence', () => {
    const next = withProject(
      { ...farm, platforms: new Map([...farm.platforms].slice(0, 1)) },
      { tier: 1 },
    );
    const without = withUpstream(next, { platforms: ['x64'] });
    const underWay = new Map([['lang/main/arm', { waiting: 3, running: 1 }]]);

    const plan = planOf(farm, without, underWay);

    assert.deepEqual(
      planLines(plan).map(({ sign, depth, text }) => `${'  '.repeat(depth)}${sign} ${text}`),
      [
        '- platform arm',
        '~ upstream lang',
        '  ~ platforms: x64, arm → x64',
        '~ project app',
        '  ~ tier: 2 → 1',
        '- builder lang/main/arm: 3 waiting cancelled; 1 running goes on as begun',
        '~ builder lang/main/app/x64: tier',
      ],
    );
    assert.equal(
      planSentence(plan),
      '1 builder removed, 1 changed; 3 waiting requests cancelled; 1 running build goes on as begun',
    );
    assert.equal(planSentence(planOf(farm, farm)), 'nothing changes');
  });

  it('is told in lines that somebody can read, however large the farm is', () => {
    const project = farm.projects.get('app');
    assert.ok(project);
    const names = Array.from({ length: 1_000 }, (_, index) => `app${index}`);
    const large = { ...farm, projects: new Map(names.map((name) => [name, { ...project, name }])) };

    const lines = planLines(planOf(farm, large)).map(({ text }) => text);

    assert.equal(lines.length, 83);
    assert.ok(lines.includes('961 projects more'));
    assert.ok(lines.includes('960 builders more'));
  });

  it('is empty for the same farm, and only for it', () => {
    fc.assert(
      fc.property(anyFarm, anyFarm, (a, b) => {
        assert.ok(isEmptyPlan(planOf(a, structuredClone(a))));
        assert.equal(isEmptyPlan(planOf(a, b)), same(a, b));
      }),
    );
  });

  it('ends at the builders of the other farm, and comes back from there', () => {
    fc.assert(
      fc.property(anyFarm, anyFarm, (a, b) => {
        assert.deepEqual(applied(a, b), namesOf(b));
        assert.deepEqual(applied(b, a), namesOf(a));
      }),
    );
  });

  function applied(a: Farm, b: Farm): Set<string> {
    const names = namesOf(a);
    for (const { name, action } of planOf(a, b).builders) {
      if (action === 'added') names.add(name);
      if (action === 'removed') assert.ok(names.delete(name));
      if (action === 'changed') assert.ok(names.has(name));
    }
    return new Set([...names].toSorted());
  }
});

function order({ parts }: ReturnType<typeof planOf>, setting: string): number {
  return parts[0]?.settings.findIndex((each) => each.setting === setting) ?? -1;
}

function namesOf(farm: Farm): Set<string> {
  return new Set(
    buildersOf(farm)
      .map(({ name }) => name)
      .toSorted(),
  );
}

function same(a: Farm, b: Farm): boolean {
  const text = (farm: Farm): string =>
    JSON.stringify(farm, (_, value: unknown) => (value instanceof Map ? [...value] : value));
  return text(a) === text(b);
}
