import assert from 'node:assert/strict';
import process from 'node:process';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { endRequest } from '../../../src/builds/end-request.ts';
import { cancelRequest } from '../../../src/store/requests.ts';
import { readRequestLife } from '../../../src/web/traces/request-life.ts';
import type { Stretch } from '../../../src/web/traces/spans.ts';
import { stretchesOf } from '../../../src/web/traces/spans.ts';
import { openTraces } from '../../../src/web/traces/traces.ts';
import { addBuild, addRequest, addWorker, endBuild, runtimeBuilder } from '../small-farm.ts';
import { start, startSmallFarm } from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

describe('the life of a request', () => {
  let farm: SmallFarm;

  beforeEach(async () => {
    farm = await startSmallFarm();
  });
  afterEach(async () => {
    delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
    await farm?.[Symbol.asyncDispose]();
  });

  async function lifeOf(request: number): Promise<Stretch> {
    const life = await readRequestLife(farm.store.read, request);
    assert.ok(life);
    return stretchesOf(life);
  }

  const outline = ({ name, result, startedAt, endedAt }: Stretch): unknown[] => [
    name,
    result,
    startedAt - start,
    endedAt - start,
  ];

  it('has every try, and how it waited before each', async () => {
    const workerId = await addWorker(farm, 'w1');
    const request = await addRequest(farm, runtimeBuilder, { upstream: 1 });
    const common = { requestId: request.id, workerId, finding: null, isWanted: true };
    const { build: first } = await addBuild(farm, request, workerId);
    await endBuild(farm, first, 'lost');
    await farm.store.unit((db) =>
      endRequest(db, { ...common, result: 'lost', at: start + 60_000, maxAttempts: 3 }),
    );
    assert.equal(await readRequestLife(farm.store.read, request.id), undefined);
    const { build: second } = await addBuild(farm, request, workerId);
    await farm.store.unit((db) =>
      db
        .updateTable('build')
        .set({ started_at: start + 70_000, finished_at: start + 90_000, result: 'failure' })
        .where('id', '=', second.id)
        .execute(),
    );
    await farm.store.unit((db) =>
      endRequest(db, { ...common, result: 'failure', at: start + 90_000, maxAttempts: 3 }),
    );

    const life = await lifeOf(request.id);

    assert.deepEqual(outline(life), ['request', 'failure', 0, 90_000]);
    assert.deepEqual(life.within.map(outline), [
      ['wait', null, 0, 0],
      ['build', 'lost', 0, 60_000],
      ['wait', null, 60_000, 70_000],
      ['build', 'failure', 70_000, 90_000],
    ]);
  });

  it('is a wait for one that was superseded', async () => {
    const { id } = await addRequest(farm, runtimeBuilder, { upstream: 1 });
    await farm.store.unit((db) => cancelRequest(db, id, { at: start + 5_000, supersededBy: 9 }));

    const life = await lifeOf(id);

    assert.equal(life.attributes['weir.superseded_by'], 9);
    assert.deepEqual(life.within.map(outline), [['wait', null, 0, 5_000]]);
  });

  it('goes to no address that the exporter would make up', async () => {
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'collector';
    const warned: string[] = [];
    const log = { info: () => {}, warn: (text: string) => void warned.push(text) };

    const traces = await openTraces({ db: farm.store.read, fingerprint: '', log });

    assert.equal(traces, null);
    assert.deepEqual(warned, ['there are no traces: OTEL_EXPORTER_OTLP_ENDPOINT is no address']);
  });
});
