import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiArtifactSchema, requestSchema } from '@weir/protocol';
import type { ApiEvent } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { joinFarm } from './support/busy-worker.ts';
import { FarmProcess } from './support/farm-process.ts';
import { MailServer } from './support/mail-server.ts';
import { RawWorker } from './support/raw-worker.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';

/** Projects beside `app`, on the same trunk. */
const others = ['b', 'c', 'd'].map((name) => [name, `lang/main/${name}/here`] as const);
const projects = others
  .map(([name]) => `  ${name}:\n    trunks: [lang/main]\n    steps: [test: lang /dev/null]\n`)
  .join('');

describe('a runtime that workers share', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  beforeEach(async () => {
    repositories = await createSmallFarm();
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  async function start(options: Parameters<SmallFarm['farm']>[0]): Promise<void> {
    farm = await FarmProcess.start({
      farm: repositories.farm(options),
      remotes: repositories.remotes,
    });
  }

  /** Ends of a builder's builds after an event. */
  function ends(builder: string, after = 0): ApiEvent[] {
    return farm.events.all.filter(
      ({ kind, number, data }) =>
        kind === 'build.finished' && number > after && data['builder'] === builder,
    );
  }

  async function waitOf(builder: string): Promise<{ reason: string; detail: string } | null> {
    const waiting = z.object({ items: z.array(requestSchema) });
    const { items } = await farm.get(`/api/v1/requests?builder=${builder}&state=waiting`, waiting);
    return items[0]?.waits ?? null;
  }

  it('is built once by a trusted worker, whatever the number of workers and projects', async () => {
    await start({ artifacts: 'trusted', beside: projects });
    await farm.addWorker({ name: 'maker', trust: 'trusted' });
    await farm.addWorker({ name: 'plain', slots: 2 });
    await farm.addWorker({ name: 'other', slots: 2 });
    for (const version of [2, 3, 4]) {
      const { last: after } = farm.events;
      await repositories.lang.commit({
        message: `Version ${version}`,
        files: { 'lang.sh': `#!/bin/sh\necho "lang ${version}"\n. "$1"\n` },
      });
      const runs = [appBuilder, ...others.map(([, builder]) => builder)].map((builder) =>
        farm.events.until('build.finished', { after, data: { builder } }),
      );
      const results = (await Promise.all(runs)).map(({ data }) => data['result']);
      assert.deepEqual(results, ['success', 'success', 'success', 'success']);
      assert.equal(ends(runtimeBuilder, after).length, 1);
    }
    const starts = farm.events.all.filter(({ kind }) => kind === 'build.started');
    const makers = starts.filter(({ data }) => data['builder'] === runtimeBuilder);
    assert.deepEqual([...new Set(makers.map(({ data }) => data['worker']))], ['maker']);
    const runners = new Set(starts.map(({ data }) => data['worker']));
    assert.ok(runners.has('plain') || runners.has('other'), 'others run what it made');
  });

  it('waits for a trusted builder, and says what the ways out are', async () => {
    await start({ artifacts: 'trusted' });
    await farm.addWorker({ name: 'plain' });
    await farm.events.until('request.created', { data: { builder: appBuilder } });

    const wait = await waitOf(runtimeBuilder);

    assert.equal(wait?.reason, 'no trusted builder');
    assert.match(wait.detail, /trust one, or set `artifacts` to `same-worker` or `any`/);
    assert.equal((await waitOf(appBuilder))?.reason, 'no trusted builder');

    await farm.post('/api/v1/workers/plain/trust', { trust: 'trusted', reason: 'known' });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });

  it('is built by any worker where the farm file says so', async () => {
    await start({ artifacts: 'any' });
    await farm.addWorker({ name: 'w1' });
    await farm.addWorker({ name: 'w2' });

    const end = await farm.events.until('build.finished', { data: { builder: appBuilder } });

    assert.equal(end.data['result'], 'success');
    assert.equal(ends(runtimeBuilder).length, 1);
  });

  it('has one hash, whichever worker builds it', async () => {
    await start({
      artifacts: 'any',
      build:
        'mkdir "$WEIR_RUNTIME/bin" && { cat lang.sh; echo "# as of $SOURCE_DATE_EPOCH"; } > "$WEIR_RUNTIME/bin/lang" && chmod +x "$WEIR_RUNTIME/bin/lang"',
    });
    const first = await farm.addWorker({ name: 'w1' });
    const one = await farm.events.until('artifact.stored');
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
    await first.kill();
    await farm.events.until('worker.offline', { subject: 'worker/w1' });
    await farm.addWorker({ name: 'w2' });

    await farm.post('/api/v1/requests', { builder: runtimeBuilder, reason: 'once more' });

    const two = await farm.events.until('artifact.stored', { after: one.number });
    assert.equal(two.data['sha256'], one.data['sha256']);
    const made = z.object({ items: z.array(apiArtifactSchema) });
    const { items } = await farm.get(`/api/v1/artifacts?builder=${runtimeBuilder}`, made);
    assert.deepEqual(
      items.map(({ worker }) => worker),
      ['w2', 'w1'],
    );
  });

  describe('that can not be shared', () => {
    let mails: MailServer;

    beforeEach(async () => {
      mails = await MailServer.start();
    });
    afterEach(() => mails[Symbol.asyncDispose]());

    const good = `#!/bin/sh\n. "$1"\n`;
    const install = 'cp lang.sh "$WEIR_RUNTIME/bin/lang" && chmod +x "$WEIR_RUNTIME/bin/lang"';
    for (const [what, bad, said] of [
      [
        'for a link out of it',
        'ln -s /etc/passwd "$WEIR_RUNTIME/bin/pw"',
        /could not be packed: bin\/pw is a link out of it, to \/etc\/passwd/,
      ],
      [
        'for being over the limit',
        'head -c 3000000 /dev/urandom > "$WEIR_RUNTIME/bin/big"',
        /the runtime is 3 MiB packed, limits\.artifact allows 1 MiB/,
      ],
    ] as const) {
      it(`${what} is a failure of its builder, at once, and people are told why`, async () => {
        await repositories.lang.commit({ message: 'Good', files: { 'lang.sh': good, extra: '' } });
        await start({
          artifacts: 'any',
          build: `mkdir "$WEIR_RUNTIME/bin" && ${install} && . ./extra`,
          extra: `limits: { artifact: 1MiB }\nnotify: { to: [ops@example.test], from: weir@example.test, smtp: '${mails.url}' }\n`,
        });
        await farm.addWorker({ name: 'w1' });
        await farm.events.until('build.finished', { data: { builder: appBuilder } });
        const { last: after } = farm.events;

        await repositories.lang.commit({ message: 'Bad', files: { extra: bad } });

        const end = await farm.events.until('build.finished', { after });
        const { builder, result, findings } = end.data;
        assert.deepEqual([builder, result, findings], [runtimeBuilder, 'failure', ['not-packed']]);
        await farm.events.until('request.skipped', { after, data: { builder: appBuilder } });
        await mails.until(({ length }) => length > 0);
        const [mail] = mails.mails;
        assert.match(mail?.text ?? '', said);
        assert.match(mail?.text ?? '', /outside its steps {2}not-packed: /);
      });
    }
  });

  for (const [what, damage] of [
    ['rotted on the disk of the farm', (path: string) => rot(path)],
    ['got lost on the disk of the farm', (path: string) => rm(path)],
  ] as const) {
    it(`is built again when it ${what}, and a worker finds out`, async () => {
      await start({ artifacts: 'any' });
      const first = await farm.addWorker({ name: 'w1' });
      const { data } = await farm.events.until('artifact.stored');
      await farm.events.until('build.finished', { data: { builder: appBuilder } });
      await first.kill();
      await farm.events.until('worker.offline', { subject: 'worker/w1' });
      const sha256 = String(data['sha256']);
      const path = join(farm.dataDir, 'objects', sha256.slice(0, 2), sha256);
      await damage(path);
      const { last: after } = farm.events;
      await farm.addWorker({ name: 'w2' });

      await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'once more' });

      const dropped = await farm.events.until('artifact.dropped', { after });
      assert.equal(dropped.data['sha256'], sha256);
      await farm.events.until('build.finished', {
        after,
        data: { builder: appBuilder, result: 'success' },
      });
      assert.deepEqual(
        ends(appBuilder, after).map(({ data: end }) => end['result']),
        ['exception', 'success'],
      );
      assert.equal(ends(runtimeBuilder, after).length, 1);
      const bytes = await readFile(path);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
    });
  }

  it('stays where the farm has it whole, whatever a worker says', async () => {
    await start({ artifacts: 'any' });
    const first = await farm.addWorker({ name: 'w1' });
    const { data } = await farm.events.until('artifact.stored');
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
    await first.kill();
    await farm.events.until('worker.offline', { subject: 'worker/w1' });
    const liar = new RawWorker('liar');
    await joinFarm(farm, liar);
    await farm.post('/api/v1/workers/liar/trust', { trust: 'normal', reason: 'known' });
    await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'once more' });
    await liar.connect(farm.workerPort);
    liar.send({ t: 'ready', slots: 1, paused: null, diskFull: false });
    const { epoch, spec } = await liar.next('offer');
    liar.send({ t: 'accept', build: spec.build, epoch });
    await liar.next('start');
    const { last: after } = farm.events;

    const end = { result: 'exception' as const, findings: [], text: 'no', environment: {} };
    const unfetched = String(data['sha256']);
    liar.send({
      t: 'journal',
      build: spec.build,
      epoch,
      entries: [{ t: 'build-finished', n: 1, at: 1, ...end, unfetched }],
    });

    await farm.events.until('build.finished', { after });
    liar.drop();
    assert.equal(spec.artifact?.sha256, unfetched);
    const dropped = farm.events.all.filter(({ kind }) => kind === 'artifact.dropped');
    assert.deepEqual(dropped, []);
  });

  it('is built again where the farm has it no more, as after a restore', async () => {
    await start({ artifacts: 'any' });
    await farm.addWorker({ name: 'w1' });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
    await farm.stop();
    await rm(join(farm.dataDir, 'objects'), { recursive: true });
    await farm.start();
    const { last: after } = farm.events;
    await farm.events.until('worker.online', { after });

    await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'once more' });

    await farm.events.until('build.finished', { after, data: { builder: appBuilder } });
    assert.equal(ends(runtimeBuilder, after).length, 1);
  });
});

/** One byte of a file becomes another. */
async function rot(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
