import assert from 'node:assert/strict';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { GatedFarm } from './support/gated-farm.ts';
import type { GatedBuild } from './support/gated-farm.ts';
import { runWeir } from './support/run-weir.ts';
import { EventReader } from './support/server-sent-events.ts';
import { appBuilder } from './support/small-farm.ts';
import type { WorkerProcess } from './support/worker-process.ts';

const list = z.object({ items: z.array(z.object({ id: z.number() })) });

describe('a farm that is put back to a backup', () => {
  let gated: GatedFarm;
  let worker: WorkerProcess;
  let data: string;
  /** Known to the backup, and running then. */
  let known: GatedBuild;
  /** Begun after it. */
  let unknown: GatedBuild;
  let ended: number;
  let lastEvent: number;

  before(async () => {
    gated = await GatedFarm.start();
    const { farm } = gated;
    data = join(farm.dir, 'farm');
    worker = await farm.addWorker({ name: 'w1', slots: 2 });
    const first = await farm.events.until('build.finished', { data: { builder: appBuilder } });
    ended = Number(first.subject.slice('build/'.length));
    known = await gated.begin();

    const backup = join(farm.dir, 'backup');
    const made = await runWeir(['backup', backup, '--data', data]);
    assert.equal(made.status, 0, made.stderr);
    assert.match(
      made.stdout,
      /^.*backup: 3 builds and 3 logs as of 20.*Z, \d+ files, [\d.]+ KiB\n/,
    );

    unknown = await gated.begin();
    lastEvent = farm.events.last;
    await farm.kill();
    await rename(data, `${data}-before`);
    const restored = await runWeir(['restore', backup, '--data', data]);
    assert.equal(restored.status, 0, restored.stderr);
    assert.match(restored.stdout, /^Next: weir master --farm FILE --data /m);
    await farm.start();
    await farm.events.until('build.attached', { subject: `build/${known.build}` });
  });
  after(() => gated?.[Symbol.asyncDispose]());

  it('has nothing in its data folder that a backup passes over unawares', async () => {
    const copied = ['weir.sqlite', 'logs', 'farm-key.pem', 'outbox', 'objects'];
    const madeAnew = ['mirrors', 'farm-file', 'before-migration'];
    const known = new Set([...copied, ...madeAnew]);

    const entries = await readdir(data);

    const besideStore = /^weir\.sqlite[.-]/;
    const others = entries.filter((name) => !known.has(name) && !besideStore.test(name));
    assert.deepEqual(others, []);
  });

  it('knows what it knew then, and nothing since', async () => {
    const { items } = await gated.farm.get('/api/v1/builds', list);

    assert.deepEqual(
      items.map(({ id }) => id).toSorted((a, b) => a - b),
      [1, ended, known.build],
    );
    const build = await gated.farm.get(`/api/v1/builds/${ended}`, buildSchema);
    assert.equal(await gated.logOf(build), 'begun\nover\n');
  });

  it('sends readers of the event log back to the beginning', async () => {
    const { url } = gated.farm;
    await using reader = await EventReader.open(`${url}/api/v1/events`, {
      'last-event-id': String(lastEvent),
    });

    assert.equal((await reader.next())?.event, 'reset');
  });

  it('ends what its workers began since, and gives its numbers to nothing else', async () => {
    // Its two slots had a build each: the one that nobody knows any more has made room.
    const next = await gated.begin();

    assert.ok(next.build > 1_000_000 && next.request > 1_000_000);
    const { status } = await fetch(new URL(`/api/v1/builds/${unknown.build}`, gated.farm.url));
    assert.equal(status, 404);
    assert.equal((await gated.end(next.request)).result, 'success');
  });

  it('goes on with the builds that ran then', async () => {
    const build = await gated.end(known.request);

    assert.deepEqual([build.id, build.result, build.attempt], [known.build, 'success', 1]);
    assert.equal(await gated.logOf(build), 'begun\nover\n');
    assert.doesNotMatch(worker.output, /another farm/);
  });
});
