import assert from 'node:assert/strict';
import { buildSchema, farmSchema, wellKnownSchema, workerSchema } from '@weir/protocol';
import type { ApiEvent } from '@weir/protocol';
import { after, afterEach, before, describe, it } from 'mocha';
import { needs } from '../support/needs.ts';
import { appBuilder, ComposeFarm, runtimeBuilder, servicesThatRun } from './compose-farm.ts';

const workers = ['worker-1', 'worker-2'];

describe('docker compose up', () => {
  let farm: ComposeFarm;

  before(async function () {
    this.timeout(600_000);
    needs(this, 'compose', 'root');
    farm = await ComposeFarm.up();
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed() === true) console.log(await farm.compose('logs', '--tail=50'));
  });
  after(function () {
    this.timeout(120_000);
    return farm?.[Symbol.asyncDispose]();
  });

  const finished = (isOf: (event: ApiEvent) => boolean): Promise<ApiEvent> =>
    farm.events.find(
      (event) => event.kind === 'build.finished' && isOf(event) && event.data['result'] !== 'lost',
    );
  /** Resolves when a request has been built, and all that its build printed can be read. */
  const finishedRequest = async (request: number): Promise<void> => {
    const { subject, data } = await finished((event) => event.data['request'] === request);
    assert.equal(data['result'], 'success', `${subject}: ${JSON.stringify(data)}`);
    const path = `/api/v1/builds/${subject.slice('build/'.length)}`;
    const { steps } = buildSchema.parse(await (await farm.get(path)).json());
    const log = await farm.get(`/api/v1/logs/${steps[0]?.log?.id}`);
    assert.equal(await log.text(), 'lang 1 runs ./app.txt\nthe program works\n');
  };

  it('tells workers and visitors one address, with the scheme that a proxy in front has', async () => {
    const headers = { 'x-forwarded-proto': 'https' };
    const response = await fetch(`${farm.url}/.well-known/weir`, { headers });

    const { workerUrl } = wellKnownSchema.parse(await response.json());
    assert.equal(workerUrl, `wss://${new URL(farm.url).host}/worker`);
  });

  it('lets workers in by that address when an admin accepts them, and mails their owners', async () => {
    for (const name of workers) {
      await farm.events.find(
        ({ kind, subject }) => kind === 'worker.asked' && subject === `worker/${name}`,
      );
      const response = await farm.get(`/api/v1/workers/${name}`);
      const { fingerprint } = workerSchema.parse(await response.json());
      const body = { fingerprint, labels: [], trust: 'trusted', reason: 'of this farm' };
      await farm.post(`/api/v1/workers/${name}/accept`, body);
    }
    for (const name of workers) {
      await farm.events.find(
        ({ kind, subject }) => kind === 'worker.online' && subject === `worker/${name}`,
      );
    }

    await farm.printed('mail', 'To: vera@example.test');
  });

  it('builds a runtime, and a project with it', async () => {
    for (const builder of [runtimeBuilder, appBuilder]) {
      const { data } = await finished((event) => event.data['builder'] === builder);

      assert.equal(data['result'], 'success', builder);
    }
  });

  it('has every process of the farm known by its name', async () => {
    const response = await farm.get('/api/v1/farm');

    const { members } = farmSchema.parse(await response.json());
    assert.deepEqual(members.map(({ name, role }) => `${role} ${name}`).toSorted(), [
      'engine engine-1',
      'engine engine-2',
      'web web-1',
      'web web-2',
    ]);
    assert.equal(members.filter(({ leads }) => leads).length, 1);
  });

  for (const service of servicesThatRun()) {
    it(`finishes its builds when ${service} crashes, and builds on`, async () => {
      const requests = await beginOnAll();

      await farm.crash(service);

      await Promise.all(requests.map(finishedRequest));
      await finishedRequest(await farm.force(appBuilder));
      if (!workers.includes(service)) assert.deepEqual(lostOf(requests), []);
    });
  }

  it('loses no build when its processes are replaced one by one', async function () {
    const processes = servicesThatRun().filter((name) => /^(engine|web)-/.test(name));
    this.timeout(processes.length * 60_000);
    for (const service of processes) {
      const requests = await beginOnAll();

      await farm.replace(service);

      await Promise.all(requests.map(finishedRequest));
      assert.deepEqual(lostOf(requests), []);
    }
  });

  /** Builds on every worker, of which each has begun with its steps. */
  async function beginOnAll(): Promise<number[]> {
    const requests = await Promise.all(workers.map(() => farm.force(appBuilder)));
    await Promise.all(requests.map((request) => begun(farm, request)));
    return requests;
  }

  function lostOf(requests: readonly number[]): ApiEvent[] {
    return farm.events.all.filter(
      ({ kind, data }) => kind === 'build.lost' && requests.includes(Number(data['request'])),
    );
  }
});

/** Resolves when a step of the request's build runs. */
async function begun({ events }: ComposeFarm, request: number): Promise<void> {
  const build = await events.find(
    ({ kind, data }) => kind === 'build.started' && data['request'] === request,
  );
  await events.find(({ kind, subject }) => kind === 'step.started' && subject === build.subject);
}
