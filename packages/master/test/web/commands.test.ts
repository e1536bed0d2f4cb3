import assert from 'node:assert/strict';
import type { ApiBuilder, ApiRequest, Problem } from '@weir/protocol';
import { after, before, beforeEach, describe, it } from 'mocha';
import { validatedFetch } from '../../../../test/support/api.ts';
import { CommandError } from '../../src/command.ts';
import { branchByName } from '../../src/store/branches.ts';
import { DiskFullError } from '../../src/store/disk-full.ts';
import { putRuntime } from '../../src/store/runtimes.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  adminToken,
  endBuild,
  projectBuilder,
  runtimeBuilder,
  start,
  startSmallFarm,
} from './small-farm.ts';
import type { SmallFarm } from './small-farm.ts';

const bearer = { authorization: `Bearer ${adminToken}` };
const json = { 'content-type': 'application/json' };

describe('commands by people', () => {
  let farm: SmallFarm;

  before(async () => {
    farm = await startSmallFarm();
  });
  beforeEach(() => {
    farm.commands.length = 0;
    farm.answer = async () => ({});
  });
  after(() => farm?.[Symbol.asyncDispose]());

  function post(
    path: string,
    body: unknown,
    headers: Record<string, string> = bearer,
  ): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return validatedFetch(farm.url + path, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: text,
    });
  }

  async function stored({ id }: ApiRequest): Promise<unknown> {
    const response = await validatedFetch(`${farm.url}/api/v1/requests/${id}`);
    return response.json();
  }

  async function codeOf(response: Response): Promise<string> {
    return `${response.status} ${((await response.json()) as Problem).code}`;
  }

  it('forces a build, and answers with the request that the engine wrote', async () => {
    await addChange(farm, 'lua/master');
    farm.answer = async () => ({
      request: await addRequest(farm, runtimeBuilder, { upstream: 1 }),
    });

    const response = await post('/api/v1/requests', { builder: runtimeBuilder, reason: 'to see' });

    assert.equal(response.status, 201);
    const request = (await response.json()) as ApiRequest;
    assert.equal(request.builder, runtimeBuilder);
    assert.deepEqual(await stored(request), request);
    assert.equal(response.headers.get('location'), `/api/v1/requests/${request.id}`);
    assert.deepEqual(farm.commands, [
      { actor: 'admin', command: { t: 'force', builder: runtimeBuilder, reason: 'to see' } },
    ]);
  });

  it('says why a forced build waits, of the newest commit and of an older one', async () => {
    await addChange(farm, 'lua/master');
    await addChange(farm, 'lua/master');
    const { position: newest } = (await branchByName(farm.store.read, 'lua/master')) ?? {};
    assert.ok(newest);
    const keeper = await addWorker(farm, 'keeper');
    const made = await addRequest(farm, runtimeBuilder, { upstream: newest - 1 });
    const { build } = await addBuild(farm, made, keeper);
    await endBuild(farm, build);
    const { builder_id, upstream_commit } = made;
    const kept = { builder_id, commit_hash: upstream_commit, worker_id: keeper, at: start };
    await farm.store.unit((db) => putRuntime(db, { ...kept, state: 'kept', build_id: build.id }));
    const waits = async (upstream: number): Promise<unknown> => {
      farm.answer = async () => ({ request: await addRequest(farm, projectBuilder, { upstream }) });
      const response = await post('/api/v1/requests', { builder: projectBuilder, reason: 'x' });
      const request = (await response.json()) as ApiRequest;
      assert.deepEqual(await stored(request), request);
      return request.waits?.reason;
    };

    assert.equal(await waits(newest - 1), 'all busy');
    assert.equal(await waits(newest), 'waits for its runtime');
  });

  it('pauses a builder whose name has slashes', async () => {
    const path = `/api/v1/builders/${encodeURIComponent(runtimeBuilder)}/pause`;

    const response = await post(path, { reason: 'maintenance' });

    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as ApiBuilder).name, runtimeBuilder);
    const [{ command } = {}] = farm.commands;
    assert.deepEqual(command, {
      t: 'pause-builder',
      builder: runtimeBuilder,
      reason: 'maintenance',
    });
  });

  const doors = [
    '/api/v1/requests',
    '/api/v1/requests/1/cancel',
    '/api/v1/builds/1/cancel',
    '/api/v1/builds/1/again',
    '/api/v1/builders/a/b/pause',
    '/api/v1/builders/a/b/resume',
    ...['accept', 'reject', 'revoke', 'release', 'pause', 'resume'].map(
      (act) => `/api/v1/workers/w/${act}`,
    ),
  ];
  for (const door of doors) {
    it(`${door} asks for a sign-in, and for a reason`, async () => {
      assert.equal(await codeOf(await post(door, { reason: 'x' }, {})), '401 not-signed-in');
      assert.equal(await codeOf(await post(door, {})), '400 bad-body');
      assert.equal(await codeOf(await post(door, { reason: '  ' })), '400 bad-body');
      assert.deepEqual(farm.commands, []);
    });
  }

  it("passes the engine's refusal on with its code and words", async () => {
    farm.answer = () => Promise.reject(new CommandError(409, 'no-change', 'it is paused already'));

    const response = await post('/api/v1/workers/w1/pause', { reason: 'x' });

    const problem = (await response.json()) as Problem;
    assert.equal(`${problem.status} ${problem.code}`, '409 no-change');
    assert.equal(problem.detail, 'it is paused already');
  });

  it('hides how the engine failed', async () => {
    farm.answer = () => Promise.reject(new Error('secret path'));

    const response = await post('/api/v1/workers/w1/pause', { reason: 'x' });

    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /secret/);
  });

  it('says that nothing was changed when the disk is full', async () => {
    farm.answer = () => Promise.reject(new DiskFullError());

    const response = await post('/api/v1/workers/w1/pause', { reason: 'x' });

    assert.equal(await codeOf(response), '503 disk-full');
  });

  it('answers 503 when the engine does not answer', async function () {
    this.timeout(20_000);
    farm.answer = () => new Promise(() => {});

    const response = await post('/api/v1/workers/w1/pause', { reason: 'x' });

    assert.equal(await codeOf(response), '503 engine-away');
  });

  it('refuses bodies that are too large, broken or of another type', async () => {
    const path = '/api/v1/workers/w1/pause';
    const large = JSON.stringify({ reason: 'x'.repeat(70_000) });

    assert.equal(await codeOf(await post(path, large)), '413 body-too-large');
    assert.equal(await codeOf(await post(path, '{"reason":')), '400 bad-body');
    assert.equal(await codeOf(await post(path, '"reason"')), '400 bad-body');
    const form = { ...bearer, 'content-type': 'text/plain' };
    assert.equal(await codeOf(await post(path, 'reason=x', form)), '415 unsupported-media-type');
    assert.deepEqual(farm.commands, []);
  });
});
