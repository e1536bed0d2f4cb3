import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildersOf } from '@weir/model';
import type { BuilderFacts } from '@weir/model';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { claim } from '../../src/dispatch/claim.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { insertRequest, requestById } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { insertPending, workerByName } from '../../src/store/workers.ts';
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

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-claim-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  it('of a project whose runtime was dropped meanwhile is none, and the request waits', async () => {
    const reading = readFarmText(farmFile, 'f');
    assert.ok(reading.ok, JSON.stringify(reading));
    const { farm } = reading;
    const builder = buildersOf(farm).find(({ kind }) => kind === 'project');
    const asked = { name: 'w', key: 'k', fingerprint: 'f', owner: '', agent: '', address: null };
    const { request, worker } = await store.unit(async (db) => {
      await insertPending(db, { ...asked, at: 1 });
      return { request: await insertRequest(db, newRequest), worker: await workerByName(db, 'w') };
    });

    const claimed = await store.unit((db) =>
      claim(db, {
        farm,
        builder: { ...builder, id: 1, artifacts: farm.artifacts } as BuilderFacts,
        request,
        session: { id: worker?.id } as Session,
        engine: undefined,
        logFile: 'log',
        leaseUntil: 2,
        artifact: undefined,
        uploadToken: () => '',
        at: 1,
      }),
    );

    assert.equal(claimed, undefined);
    assert.equal((await requestById(store.read, request.id))?.state, 'waiting');
  });
});
