import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema, farmSchema } from '@weir/protocol';
import type { ApiBuild, ApiEvent } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { FarmProcess, token } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';

const year = 365 * 86_400_000;
/** The reaper looks at the leases every 5 s, as does who looks at the clock. */
const reapedMs = 7_000;

describe('the wall clock of the master', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let dir: string;
  let running: ApiEvent;
  let cookie: string;

  before(async function () {
    needs(this, 'faketime');
    const [library = ''] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
    dir = await mkdtemp(join(tmpdir(), 'weir-clock-'));
    await clockIs('+0');
    repositories = await createSmallFarm();
    const nightly = 'schedule: [{ cron: "0 3 * * *" }, { every: 1h }]';
    const text = repositories.farm({
      steps: ['- test: |', '    echo started', `    while [ ! -e ${dir}/end ]; do sleep 0.1; done`],
    });
    farm = await FarmProcess.start({
      farm: text.replace('    trunks: [lang/main]', `    trunks: [lang/main]\n    ${nightly}`),
      remotes: repositories.remotes,
      env: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: join(dir, 'clock'),
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    await farm.addWorker({ name: 'w1' });
    running = await farm.events.until('build.started', { data: { builder: appBuilder } });
    await farm.events.until('step.started', { subject: running.subject });
    const signedIn = await fetch(new URL('/sign-in', farm.url), {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ token, to: '/' }),
    });
    cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  function clockIs(offset: string): Promise<void> {
    return writeFile(join(dir, 'clock'), offset);
  }

  function build(): Promise<ApiBuild> {
    return farm.get(`/api/v1/builds/${running.subject.slice('build/'.length)}`, buildSchema);
  }

  async function warnings(): Promise<string> {
    return (await farm.get('/api/v1/farm', farmSchema)).warnings.join('\n');
  }

  async function isSignedIn(): Promise<boolean> {
    return (await (await fetch(farm.url, { headers: { cookie } })).text()).includes('Sign out');
  }

  function scheduled(): number {
    const isScheduled = ({ kind, data }: ApiEvent): boolean =>
      kind === 'request.created' && data['reason'] === 'scheduled';
    return farm.events.all.filter(isScheduled).length;
  }

  for (const [offset, words] of [
    ['+365d', '365 days ahead of what it was'],
    ['-365d', '365 days behind what it was'],
  ] as const) {
    it(`may jump by ${offset}, and nothing but a warning comes of it`, async () => {
      await clockIs(offset);
      // Hardly anything is to happen, so there is no event to wait for.
      await sleep(reapedMs);

      const date = (await fetch(farm.url)).headers.get('date') ?? '';
      assert.ok(Math.abs(Date.parse(date) - Date.now()) > year / 2, `it did jump: ${date}`);
      assert.equal((await build()).state, 'running');
      assert.match(await warnings(), new RegExp(`clock of the farm's machine was set to ${words}`));
      const page = await (await fetch(new URL('/workers/w1', farm.url))).text();
      assert.doesNotMatch(page.replaceAll(/<p class="warning".*?<\/p>/gs, ''), /\d days/);
      assert.ok(await isSignedIn());
      assert.equal(scheduled(), 0);
    });
  }

  it('may be a year ahead at a start, and builds go on', async () => {
    await clockIs('+365d');
    await farm.kill();
    await farm.start();
    await farm.events.until('build.attached', { subject: running.subject });

    assert.match(await warnings(), /365 days ahead of all that the farm has seen/);
    assert.equal((await build()).attempt, 1);
    // What it missed in a year is made up for once.
    await farm.events.until('request.created', { data: { reason: 'scheduled' } });
    await sleep(1_000);
    assert.ok(scheduled() <= 2, `${scheduled()} requests`);
    assert.equal(await isSignedIn(), false);
  });

  it('may be right again after that, and builds go on', async () => {
    await clockIs('+0');
    const { last } = farm.events;
    await farm.kill();
    await farm.start();
    await farm.events.until('build.attached', { subject: running.subject, after: last });

    assert.match(await warnings(), /days behind what the farm has seen/);
    await writeFile(join(dir, 'end'), '');
    await farm.events.until('build.finished', { subject: running.subject });
    assert.deepEqual([(await build()).result, (await build()).attempt], ['success', 1]);
    const numbers = farm.events.all.map(({ number }) => number);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    // The next change is built at once, though the ones before it are from the future.
    await repositories.app.commit({ message: 'After it', files: { 'app.txt': 'true\n' } });
    await farm.events.until('build.finished', {
      after: last,
      data: { result: 'success', builder: appBuilder },
    });
  });
});
