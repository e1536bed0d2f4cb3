import assert from 'node:assert/strict';
import { wellKnownSchema, workerSchema } from '@weir/protocol';
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
  const finishedRequest = async (request: number): Promise<void> => {
    const event = await finished(({ data }) => data['request'] === request);
    assert.equal(event.data['result'], 'success', JSON.stringify(event));
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
      const response = await fetch(`${farm.url}/api/v1/workers/${name}`);
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

  for (const service of servicesThatRun()) {
    it(`loses no build to a crash of ${service}, and builds on`, async () => {
      const during = await Promise.all(workers.map(() => farm.force(appBuilder)));
      await Promise.all(during.map((request) => begun(farm, request)));

      await farm.crash(service);

      await Promise.all(during.map(finishedRequest));
      await finishedRequest(await farm.force(appBuilder));
    });
  }
});

/** Resolves when a step of the request's build runs. */
async function begun({ events }: ComposeFarm, request: number): Promise<void> {
  const build = await events.find(
    ({ kind, data }) => kind === 'build.started' && data['request'] === request,
  );
  await events.find(({ kind, subject }) => kind === 'step.started' && subject === build.subject);
}
