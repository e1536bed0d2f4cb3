import assert from 'node:assert/strict';
import { builderSchema, buildSchema, requestSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { validatedFetch } from './support/api.ts';
import { FarmProcess } from './support/farm-process.ts';
import { needs } from './support/needs.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';

describe('a commit on a trunk', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  before(async function () {
    needs(this, 'bwrap');
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm(),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1', sandbox: 'bubblewrap' });
    await farm.addWorker({ name: 'w2', sandbox: 'bubblewrap' });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  it('is built, and the projects of its trunk are tested with it', async () => {
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
    const { last } = farm.events;

    const commit = await repositories.lang.commit({
      message: 'Say hello twice',
      author: 'Cy Test <cy@example.test>',
      files: { 'lang.sh': '#!/bin/sh\necho "lang 2 runs $1"\n. "$1"\n' },
    });

    const runtime = await farm.events.until('build.finished', {
      after: last,
      data: { builder: runtimeBuilder },
    });
    const project = await farm.events.until('build.finished', {
      after: last,
      data: { builder: appBuilder },
    });
    assert.equal(runtime.data['result'], 'success');
    assert.equal(project.data['result'], 'success');
    const build = await farm.get(`/api/v1/builds/${project.subject.slice(6)}`, buildSchema);
    assert.equal(build.revisions.upstream, commit);
    assert.deepEqual(
      build.changes.map(({ subject, author }) => [subject, author.name]),
      [['Say hello twice', 'Cy Test']],
    );
    const log = build.steps[0]?.log;
    const text = await (await validatedFetch(new URL(`/api/v1/logs/${log?.id}`, farm.url))).text();
    assert.equal(text, 'lang 2 runs ./app.txt\nthe program works\n');
  });

  it('that breaks a project turns its builder red, and the fix turns it green', async () => {
    let { last } = farm.events;

    await repositories.lang.commit({
      message: 'Forget how to run programs',
      files: { 'lang.sh': '#!/bin/sh\necho "cannot run $1" >&2\nexit 3\n' },
    });

    const red = await farm.events.until('build.finished', {
      after: last,
      data: { builder: appBuilder },
    });
    assert.equal(red.data['result'], 'failure');

    last = farm.events.last;
    await repositories.lang.commit({
      message: 'Remember',
      files: { 'lang.sh': '#!/bin/sh\n. "$1"\n' },
    });
    await farm.events.until('build.finished', {
      after: last,
      data: { builder: appBuilder, result: 'success' },
    });
    const path = `/api/v1/builders/${encodeURIComponent(appBuilder)}`;
    const { verdict } = await farm.get(path, builderSchema);
    assert.equal(verdict, 'green');
  });

  it('is covered by the newest one while requests wait', async () => {
    const path = `/api/v1/builders/${encodeURIComponent(runtimeBuilder)}`;
    await farm.post(`${path}/pause`, { reason: 'to let requests gather' });
    const { last } = farm.events;
    const first = await repositories.lang.commit({ message: 'One', files: { one: '1' } });
    await farm.events.until('request.created', { after: last, data: { builder: runtimeBuilder } });
    const second = await repositories.lang.commit({ message: 'Two', files: { two: '2' } });

    const gone = await farm.events.until('request.superseded', {
      after: last,
      data: { builder: runtimeBuilder },
    });

    await farm.post(`${path}/resume`, { reason: 'enough' });
    const built = await farm.events.until('build.finished', {
      after: gone.number,
      data: { builder: runtimeBuilder },
    });
    const build = await farm.get(`/api/v1/builds/${built.subject.slice(6)}`, buildSchema);
    assert.equal(build.revisions.upstream, second);
    assert.deepEqual(
      build.changes.map(({ commit }) => commit),
      [second, first],
    );
    const request = await farm.get(`/api/v1/${gone.subject.replace('/', 's/')}`, requestSchema);
    assert.deepEqual([request.state, request.supersededBy], ['cancelled', build.request]);
  });
});
