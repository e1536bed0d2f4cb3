import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { runWeir } from './support/run-weir.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

type Line = Readonly<Record<string, unknown>>;

describe('logs', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  beforeEach(async () => {
    repositories = await createSmallFarm();
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  /** A build that its worker gives up at once. */
  async function loseBuild(env: Record<string, string>): Promise<number> {
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps: ['- test: sleep 600'] }),
      remotes: repositories.remotes,
      env,
    });
    const worker = await farm.addWorker({ name: 'w1', args: ['--log', 'json'] });
    const { subject } = await farm.events.until('build.started', {
      data: { builder: appBuilder },
    });
    await worker.said(`"builder":"${appBuilder}"`);
    worker.signal('SIGTERM');
    await worker.said('finishing what runs');
    worker.signal('SIGTERM');
    await farm.logged('is lost');
    return Number(subject.slice('build/'.length));
  }

  it('are JSON with the ids of what they are about, for programs', async () => {
    const build = await loseBuild({ WEIR_LOG: 'json' });
    await farm.stop();

    const lines = farm.log
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const lost = lines.find(({ msg }) => String(msg).includes('is lost'));
    assert.equal(lost?.['build'], build);
    assert.equal(typeof lost['request'], 'number');
    assert.equal(lost['level'], 'warn');
    assert.equal(lost['role'], 'engine');
    assert.equal(new Date(String(lost['time'])).toISOString(), lost['time']);
    // Nothing is lost at the end.
    assert.equal(lines.at(-1)?.['msg'], 'stopping: SIGTERM');

    const [worker] = farm.workers;
    const said = (worker?.output ?? '').split('\n').filter((line) => line.includes('"msg"'));
    const begun = said.map((line) => JSON.parse(line) as Line).find((line) => line['build']);
    assert.equal(begun?.['worker'], 'w1');
    assert.equal(begun['role'], 'agent');
  });

  it('are lines for people otherwise', async () => {
    const build = await loseBuild({});

    assert.match(farm.log, new RegExp(`^\\S+Z warn build ${build} is lost: `, 'm'));
  });

  it('have no third format', async () => {
    const master = await runWeir(['master', '--farm', 'farm.yaml', '--log', 'xml']);
    const worker = await runWeir(['worker', 'run', '--log', 'xml']);

    assert.deepEqual([master.status, worker.status], [2, 1]);
    for (const { stderr } of [master, worker]) {
      assert.match(stderr, /--log takes text or json, not 'xml'/);
    }
  });
});
