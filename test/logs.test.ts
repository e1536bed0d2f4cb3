import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSchema } from '@weir/protocol';
import type { ApiBuild, ApiEvent } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { buildById } from '../packages/master/src/store/builds.ts';
import { openReader } from '../packages/master/src/store/store.ts';
import { validatedFetch } from './support/api.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { FarmProcess } from './support/farm-process.ts';
import { EventReader } from './support/server-sent-events.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';
import { testStore } from './support/test-store.ts';

const mib = 1024 * 1024;

/** What steps print: the farm must give it back byte for byte. */
const texts: Readonly<Record<string, () => Buffer>> = {
  random: () => randomBytes(10 * mib),
  lines: () => Buffer.from(Array.from({ length: 1_000_000 }, (_, n) => `line ${n}\n`).join('')),
  oneline: () => Buffer.from(`${'0123456789abcdef'.repeat((50 * mib) / 16)}\n`),
  odd: () =>
    Buffer.concat([
      Buffer.from(
        'progress 1%\rprogress 100%\r\n\u001b[31mred\u001b[0m \u001b]8;;https://x.example\u0007link\n',
      ),
      Buffer.from('<script>alert(1)</script> &amp; "quoted"\n\u202etxt.exe\n'),
      Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0a, 0x07]),
    ]),
};

describe('logs through a link that is cut', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let proxy: CuttingProxy;
  let build: ApiBuild;
  const printed = new Map<string, Buffer>();

  before(async () => {
    repositories = await createSmallFarm();
    const dir = join(repositories.app.path, '..');
    for (const [name, text] of Object.entries(texts)) {
      printed.set(name, text());
      await writeFile(join(dir, name), printed.get(name) ?? '');
    }
    // In the middle of the random bytes, and of the one long line.
    proxy = await CuttingProxy.start(() => farm.workerPort, [5 * mib, 40 * mib]);
    farm = await FarmProcess.start({
      farm: repositories.farm({
        steps: Object.keys(texts).map((name) => `- ${name}: cat "${join(dir, name)}"`),
        extra: `worker-url: ws://127.0.0.1:${proxy.port}/worker\n`,
      }),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1' });
    const ended = await farm.events.until('build.finished', { data: { builder: appBuilder } });
    build = await farm.get(`/api/v1/builds/${idOf(ended)}`, buildSchema);
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  it('belong to a build that was not lost', () => {
    assert.equal(proxy.cuts, 2);
    assert.equal(build.result, 'success');
    assert.equal(build.attempt, 1);
    assert.equal(
      farm.events.all.some(({ kind }) => kind === 'build.lost'),
      false,
    );
  });

  it('were taken over under a new epoch at each cut', async () => {
    await using reader = await openReader(await testStore(join(farm.dir, 'farm', 'weir.sqlite')));

    const row = await buildById(reader, build.id);

    assert.equal(row?.epoch, 1 + proxy.cuts);
  });

  for (const name of Object.keys(texts)) {
    it(`come back byte for byte: ${name}`, async () => {
      const log = build.steps.find((step) => step.name === name)?.log;

      const response = await validatedFetch(new URL(`/api/v1/logs/${log?.id}`, farm.url));
      const bytes = Buffer.from(await response.arrayBuffer());

      const expected = printed.get(name) ?? Buffer.alloc(0);
      assert.equal(bytes.length, expected.length);
      assert.equal(sha256(bytes), sha256(expected));
    });
  }

  it('count their lines', () => {
    const log = build.steps.find(({ name }) => name === 'lines')?.log;

    assert.equal(log?.lines, 1_000_000);
  });

  it('are given in parts', async () => {
    const log = build.steps.find(({ name }) => name === 'random')?.log;

    const response = await validatedFetch(new URL(`/api/v1/logs/${log?.id}`, farm.url), {
      headers: { range: `bytes=${5 * mib - 10}-${5 * mib + 9}` },
    });

    assert.equal(response.status, 206);
    const expected = printed.get('random')?.subarray(5 * mib - 10, 5 * mib + 10);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), expected);
  });
});

describe('the log of a step that runs', () => {
  it('is followed while it grows, to its end', async () => {
    await using repositories = await createSmallFarm();
    const gate = join(repositories.app.path, '..', 'gate');
    const steps = ['- test: |', '    echo one', `    until [ -e "${gate}" ]; do sleep 0.1; done`];
    await using farm = await FarmProcess.start({
      farm: repositories.farm({ steps: [...steps, '    echo two'] }),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1' });
    const { subject } = await farm.events.until('build.started', { data: { builder: appBuilder } });
    await farm.events.until('step.started', { subject });
    const build = await farm.get(`/api/v1/${subject.replace('/', 's/')}`, buildSchema);
    await using reader = await EventReader.open(
      `${farm.url}/api/v1/logs/${build.steps[0]?.log?.id}/live`,
    );

    const first = await reader.next();
    await writeFile(gate, '');
    const second = await reader.next();
    const end = await reader.next();

    const textOf = (data = ''): string => Buffer.from(data, 'base64').toString();
    assert.deepEqual([first?.id, textOf(first?.data)], ['4', 'one\n']);
    assert.deepEqual([second?.id, textOf(second?.data)], ['8', 'two\n']);
    assert.equal(end?.event, 'end');
  });
});

function idOf({ subject }: ApiEvent): number {
  return Number(subject.slice('build/'.length));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
