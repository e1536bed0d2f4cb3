import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { insertArtifact } from '../../../src/store/artifacts.ts';
import { builderByName } from '../../../src/store/builders.ts';
import type { BuildRow } from '../../../src/store/builds.ts';
import { finishStep } from '../../../src/store/builds.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  commitOf,
  endBuild,
  projectBuilder,
  runtimeBuilder,
  start,
  startSmallFarm,
} from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

const sha256 = 'd'.repeat(64);
const shortage = "The farm's disk has less than 1 GiB of room.";

describe('a page about an artifact', () => {
  let farm: SmallFarm;
  let worker: number;

  afterEach(() => farm?.[Symbol.asyncDispose]());

  async function page(path: string): Promise<string> {
    const response = await fetch(farm.url + path, { headers: { accept: 'text/html' } });
    assert.equal(response.status, 200);
    return response.text();
  }

  async function begin(facts: Parameters<typeof startSmallFarm>[0] = {}): Promise<BuildRow> {
    farm = await startSmallFarm(facts);
    await addChange(farm, 'lua/master');
    worker = await addWorker(farm, 'w1');
    const request = await addRequest(farm, runtimeBuilder, { upstream: 1 });
    return (await addBuild(farm, request, worker, ['make'])).build;
  }

  /** Its only step is over. */
  function endStep({ id }: BuildRow): Promise<void> {
    const end = { result: 'success', findings: [], exitCode: 0, signal: null, text: '' } as const;
    return farm.store.unit((db) => finishStep(db, id, 0, { ...end, report: null, at: start }));
  }

  it('leads to its commit, and to the builds that ran with it', async () => {
    const maker = await begin();
    await endBuild(farm, maker);
    await farm.store.unit(async (db) => {
      const builder = await builderByName(db, runtimeBuilder);
      await insertArtifact(
        db,
        { sha256, bytes: 1_000, unpackedBytes: 2_000, files: 3 },
        {
          builderId: builder?.id ?? 0,
          commit: commitOf('lua/master 1'),
          position: 1,
          buildId: maker.id,
          workerId: worker,
          trust: 'trusted',
          at: start,
        },
      );
    });
    const ran: number[] = [];
    for (const runtime of [sha256, 'e'.repeat(64)]) {
      const request = await addRequest(farm, projectBuilder, { upstream: 1 });
      const { build } = await addBuild(farm, request, worker);
      await endBuild(farm, build);
      await farm.store.unit((db) =>
        db
          .updateTable('build')
          .set({ runtime_sha256: runtime })
          .where('id', '=', build.id)
          .execute(),
      );
      ran.push(build.id);
    }

    const text = await page('/artifacts/1');

    assert.match(text, /<a href="\/changes\/1"><code[^>]*>/);
    const [its] = text.split('Made by');
    assert.match(its ?? '', new RegExp(`Builds that ran with it[^]*/builds/${ran[0]}"`));
    assert.doesNotMatch(its ?? '', new RegExp(`/builds/${ran[1]}"`));
  });

  it('or about its build says that it is on its way', async () => {
    const build = await begin();
    await endStep(build);

    assert.match(await page(`/builds/${build.id}`), /Its steps are over\. What it made is packed/);
  });

  it('or about its build says that it waits for room', async () => {
    const build = await begin({ shortage });
    await endStep(build);

    const text = await page(`/builds/${build.id}`);

    assert.match(
      text,
      /waits on its worker until the farm takes it\.\s+The farm&#39;s disk has less/,
    );
  });
});
