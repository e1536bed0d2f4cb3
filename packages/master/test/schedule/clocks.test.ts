import assert from 'node:assert/strict';
import type { Farm } from '@weir/model';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { loadBuilders } from '../../src/dispatch/builders-in-force.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { Clocks } from '../../src/schedule/clocks.ts';
import type { RequestRow } from '../../src/store/requests.ts';
import { waitingRequests } from '../../src/store/requests.ts';
import type { SmallFarm } from '../web/small-farm.ts';
import { addChange, startSmallFarm } from '../web/small-farm.ts';

const quiet = { info: () => {}, warn: () => {} };
const hour = 3_600_000;

/** The test farm's file with a schedule for its project and one for its upstream. */
function farmWith(project: string, upstream = '[]'): Farm {
  const reading = readFarmText(
    `
farm: Test farm
platforms: {linux: [linux, x64], musl: [linux, musl]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}}
    schedule: ${upstream}
    steps: [{build: make}]
projects:
  json:
    repository: https://git.example/json
    platforms: [linux]
    trunks: [lua/master]
    schedule: ${project}
    steps: [{test: lua test.lua}]
`,
    '/farm.yaml',
  );
  assert.ok(reading.ok, JSON.stringify(reading));
  return reading.farm;
}

describe('builds by the clock', () => {
  let farm: SmallFarm;
  let now: number;
  const clocks: Clocks[] = [];

  beforeEach(async () => {
    farm = await startSmallFarm();
    now = Date.parse('2026-11-20T12:00:00Z');
    await addChange(farm, 'lua/master');
    await addChange(farm, 'json');
  });
  afterEach(async () => {
    for (const each of clocks.splice(0)) await each.stop();
    await farm[Symbol.asyncDispose]();
  });

  async function clocksOf(file: Farm): Promise<{ look: () => Promise<readonly RequestRow[]> }> {
    const builders = await loadBuilders(farm.store.read, file);
    let wrote: readonly RequestRow[] = [];
    const each = new Clocks({
      store: farm.store,
      now: () => now,
      log: quiet,
      farm: () => file,
      builders: () => builders,
      wrote: (requests) => (wrote = requests),
    });
    clocks.push(each);
    return {
      look: async () => {
        wrote = [];
        await each.look();
        return wrote;
      },
    };
  }

  it('are asked for when they are due, at the newest changes, though nothing changed', async () => {
    const { look } = await clocksOf(farmWith('[{every: 6h}]'));
    assert.deepEqual(await look(), []);
    now += 6 * hour - 1;
    assert.deepEqual(await look(), []);
    now += 1;
    const [request, ...more] = await look();
    assert.deepEqual(more, []);
    assert.deepEqual(
      [request?.reason, request?.upstream_position, request?.project_position],
      ['scheduled', 1, 1],
    );
    assert.deepEqual(await look(), []);
  });

  it('of an upstream are its runtimes on all platforms', async () => {
    const { look } = await clocksOf(farmWith('[]', "[{cron: '0 3 * * *', timezone: Asia/Tokyo}]"));
    await look();
    now = Date.parse('2026-11-20T18:00:00Z');
    assert.equal((await look()).length, 2);
  });

  it('that a farm missed are made up for once', async () => {
    const { look } = await clocksOf(farmWith('[{every: 1h}]'));
    await look();
    now += 100 * hour;
    const after = await clocksOf(farmWith('[{every: 1h}]'));
    assert.equal((await after.look()).length, 1);
    assert.deepEqual(await after.look(), []);
    now += hour;
    assert.equal((await after.look()).length, 1);
  });

  it('go on after a time in which the clock was years ahead', async () => {
    const { look } = await clocksOf(farmWith("[{cron: '0 3 * * *'}]"));
    now += 10_000 * 24 * hour;
    await look();
    now -= 10_000 * 24 * hour;
    assert.deepEqual(await look(), []);
    now += 24 * hour;
    assert.equal((await look()).length, 1);
  });

  it('are asked for once where two engines look at the clock', async () => {
    const file = farmWith('[{every: 1h}]');
    const [one, other] = [await clocksOf(file), await clocksOf(file)];
    await one.look();
    now += hour;
    await Promise.all([one.look(), other.look()]);
    assert.equal((await waitingRequests(farm.store.read)).length, 1);
  });
});

describe('a schedule in a farm file', () => {
  const wrong: readonly [string, string][] = [
    ["[{cron: '0 3 * *'}]", 'five fields'],
    ["[{cron: '61 3 * * *'}]", 'five fields'],
    ["[{cron: '0 3 * * *', timezone: Berlin}]", 'a time zone'],
    ['[{every: 10s}]', 'from 1m'],
    ['[{}]', 'one of them'],
    ["[{cron: '0 3 * * *', every: 1h}]", 'one of them'],
  ];
  for (const [schedule, expected] of wrong) {
    it(`${schedule} is refused`, () => {
      const text = `
farm: F
platforms: {linux: [linux]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}}
    schedule: ${schedule}
    steps: [{build: make}]
`;
      const reading = readFarmText(text, '/farm.yaml');
      assert.equal(reading.ok, false);
      assert.ok(
        !reading.ok && reading.errors[0]?.expected?.includes(expected),
        JSON.stringify(reading),
      );
    });
  }
});
