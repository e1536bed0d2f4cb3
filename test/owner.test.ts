import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';
import { requestSchema, workerSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm, runtimeBuilder } from './support/small-farm.ts';
import { weir } from './support/weir-program.ts';
import type { WorkerProcess } from './support/worker-process.ts';

const run = promisify(execFile);
const statusSchema = z.object({
  agent: z.object({ isConnected: z.boolean(), slots: z.number() }).loose().nullable(),
  atFarm: workerSchema.nullable(),
  ownerLink: z.string().nullable(),
});

describe("a worker's owner", () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let worker: WorkerProcess;

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
    worker = await farm.addWorker({ name: 'w1' });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  /** `weir worker WORD ...` on the worker's machine. */
  async function own(...words: string[]): Promise<string> {
    const args = [weir, 'worker', ...words, '--data', worker.dataDir];
    // A status that is not 0 may be right: `status` says so that the agent does not run.
    const { stdout } = await run(process.execPath, args).catch(
      (error: unknown) => error as { stdout: string },
    );
    return stdout;
  }

  const atFarm = () => farm.get('/api/v1/workers/w1', workerSchema);
  const told = (kind: string) =>
    farm.events.until(kind, { subject: 'worker/w1', after: farm.events.last });

  /** Opens the link as a browser does; its cookie and the token of its forms. */
  async function comeBy(link: string): Promise<{ status: number; cookie: string; csrf: string }> {
    const url = new URL(link);
    const body = new URLSearchParams({ code: url.searchParams.get('code') ?? '' });
    const entered = await fetch(url, { method: 'POST', body, redirect: 'manual' });
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
    const page = await fetch(new URL('/workers/w1', farm.url), { headers: { cookie } });
    const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
    return { status: entered.status, cookie, csrf };
  }

  async function ownerLink(): Promise<string> {
    return statusSchema.parse(JSON.parse(await own('status', '--json'))).ownerLink ?? '';
  }

  it('pauses it with a reason, which pages and waits show, and lets it go on', async () => {
    const paused = told('worker.paused');
    assert.match(await own('pause', 'moving house'), /takes no builds: moving house/);
    await paused;

    assert.equal((await atFarm()).ownerPaused?.reason, 'moving house');
    const { id } = requestSchema.parse(
      await farm.post('/api/v1/requests', { builder: runtimeBuilder, reason: 'test' }),
    );
    const { waits } = await farm.get(`/api/v1/requests/${id}`, requestSchema);
    assert.deepEqual(waits, {
      reason: 'paused',
      detail: 'w1 is paused by its owner: moving house',
    });

    const resumed = told('worker.resumed');
    await own('resume');
    await resumed;
    assert.equal((await atFarm()).ownerPaused, null);
    await farm.events.until('build.finished', { data: { request: id } });
  });

  it('gives it more slots while it runs', async () => {
    const online = told('worker.online');
    await own('slots', '3');
    await online;
    assert.equal((await atFarm()).slots, 3);
  });

  it('comes by a link that the machine shows, once, and is the owner of that worker alone', async () => {
    const link = await ownerLink();
    const first = await comeBy(link);
    assert.equal(first.status, 303);
    assert.equal((await comeBy(link)).status, 403, 'the link is spent');

    const post = (path: string, fields: Record<string, string>, cookie = first.cookie) =>
      fetch(new URL(path, farm.url), {
        method: 'POST',
        headers: { cookie },
        body: new URLSearchParams({ csrf: first.csrf, reason: 'on the page', ...fields }),
        redirect: 'manual',
      });
    assert.equal((await post('/workers/w1/owner/pause', { csrf: 'guessed' })).status, 403);
    assert.equal((await post('/workers/w1/owner/pause', {}, '')).status, 403);
    assert.equal((await post('/workers/w2/owner/pause', {})).status, 403);
    assert.equal((await post('/workers/w1/revoke', {})).status, 401, 'an owner is no admin');
    assert.equal((await post('/workers/w1/owner/pause', {})).status, 303);
    await worker.said('paused: on the page');
    assert.match(await own('status'), /paused +on the page/);

    assert.equal((await post('/workers/w1/owner/slots', { slots: '2' })).status, 303);
    await worker.said('slots 2');
  });

  it('resumes, and is heard, also while the agent does not run', async () => {
    await worker.kill();
    const resumed = told('worker.resumed');
    assert.match(await own('resume'), /the agent does not run/);
    await resumed;

    worker.restart();
    await told('worker.online');
    assert.equal((await atFarm()).ownerPaused, null);
    assert.equal((await atFarm()).slots, 2);
  });

  it('pauses also while the farm is away, and the farm learns it', async () => {
    await farm.stop();
    await own('pause', 'a storm');
    await farm.start();
    await farm.events.until('worker.paused', { data: { reason: 'a storm' } });
    await own('resume');
    await farm.events.until('worker.resumed', { after: farm.events.last - 1 });
  });

  it('takes it away: what runs ends, and the farm does not expect it back', async () => {
    const left = told('worker.left');
    await own('leave');
    await left;
    assert.equal(await worker.exited(), 0);
    assert.notEqual((await atFarm()).leftAt, null);

    const online = told('worker.online');
    worker.restart();
    await online;
    assert.equal((await atFarm()).leftAt, null);
  });

  it('is nobody who can not sign with the key of the worker', async () => {
    const body = { act: 'leave', at: Date.now(), signature: 'AAAA' };
    const response = await fetch(new URL('/api/v1/workers/w1/owner', farm.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 401);
  });
});
