import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildersOf } from '@weir/model';
import type { BuilderFacts, Farm } from '@weir/model';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { claim } from '../../src/dispatch/claim.ts';
import type { Claimed } from '../../src/dispatch/claim.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { syncBuilders } from '../../src/store/builders.ts';
import { insertBuild } from '../../src/store/builds.ts';
import { insertRequest, requestById } from '../../src/store/requests.ts';
import type { RequestRow } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { insertPending, setEnrolment, workerByName } from '../../src/store/workers.ts';
import type { Session } from '../../src/workers/session.ts';
import { newRequest } from '../support/request-row.ts';

const farmFile = `farm: f
artifacts: any
platforms: {linux: [linux]}
upstreams: {lua: {repository: https://git.example/lua, trunks: {master: {}}, steps: [build: make]}}
projects: {app: {trunks: [lua/master], steps: [test: make test]}}
`;

describe('a claim', () => {
  let dir: string;
  let store: Store;
  let farm: Farm;
  let worker: number;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-claim-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    const reading = readFarmText(farmFile, 'f');
    assert.ok(reading.ok, JSON.stringify(reading));
    ({ farm } = reading);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  it('of a project whose runtime was dropped meanwhile is none, and the request waits', async () => {
    const request = await ask();

    assert.equal(await claimAs('project', request), undefined);

    assert.equal((await requestById(store.read, request.id))?.state, 'waiting');
  });

  it('beyond what may run of its family at once is none, whichever engine has the others', async () => {
    const family = new Set([1, 2]);
    const insert = (builderId: number, requestId: number): Promise<unknown> =>
      store.unit((db) =>
        insertBuild(db, {
          builderId,
          number: 1,
          requestId,
          workerId: 7,
          attempt: 1,
          boot: 'b',
          leaseUntil: 5,
          startedAt: 1,
          trial: null,
        }),
      );
    const request = await ask();
    await insert(2, 8);
    await insert(3, 9);

    const full = await claimAs('runtime', request, { maxParallel: 1, family });

    assert.equal(full, undefined);
    assert.equal((await requestById(store.read, request.id))?.state, 'waiting');
    assert.ok(await claimAs('runtime', request, { maxParallel: 2, family }));
  });

  /** A request, and a worker that may have it. */
  async function ask(): Promise<RequestRow> {
    const asked = { name: 'w', key: 'k', fingerprint: 'f', owner: '', agent: '', address: null };
    return store.unit(async (db) => {
      await insertPending(db, { ...asked, at: 1 });
      worker = (await workerByName(db, 'w'))?.id ?? 0;
      await setEnrolment(db, worker, ['pending'], 'accepted');
      await syncBuilders(db, buildersOf(farm));
      return insertRequest(db, { ...newRequest, builderId: 1 });
    });
  }

  function claimAs(
    kind: 'project' | 'runtime',
    request: RequestRow,
    { family, maxParallel = null }: { family?: Set<number>; maxParallel?: number | null } = {},
  ): Promise<Claimed | undefined> {
    const builder = buildersOf(farm).find((each) => each.kind === kind);
    return store.unit((db) =>
      claim(db, {
        farm,
        builder: { ...builder, id: 1, artifacts: farm.artifacts, maxParallel } as BuilderFacts,
        request,
        session: { id: worker, boot: 'b', name: 'w', trust: 'normal' } as Session,
        engine: undefined,
        logFile: 'log',
        leaseUntil: 2,
        artifact: undefined,
        uploadToken: () => '',
        at: 1,
        family,
      }),
    );
  }
});
