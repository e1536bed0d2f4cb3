import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeKey } from '@weir/model';
import type { KyselyPlugin } from 'kysely';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../../test/support/test-store.ts';
import { Artifacts } from '../../../src/builds/objects/artifacts.ts';
import { dropArtifacts, fetchableArtifacts, insertArtifact } from '../../../src/store/artifacts.ts';
import { finishBuild, insertBuild } from '../../../src/store/builds.ts';
import type { Store } from '../../../src/store/store.ts';

const commit = 'a'.repeat(40);
const key = runtimeKey(1, commit);
const sha256 = 'b'.repeat(64);

describe('the artifacts that an engine knows', () => {
  let dir: string;
  let store: Store;
  let artifacts: Artifacts;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-artifacts-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    await store.unit(async (db) => {
      const ids = { builderId: 1, workerId: 1 };
      const { id: buildId } = await insertBuild(db, {
        ...ids,
        number: 1,
        requestId: 1,
        attempt: 1,
        boot: 'b',
        leaseUntil: 5,
        startedAt: 1,
        trial: null,
      });
      const made = { buildId, commit, position: 1, trust: 'trusted', at: 2 } as const;
      await insertArtifact(
        db,
        { sha256, bytes: 1, unpackedBytes: 1, files: 1 },
        { ...ids, ...made },
      );
      const end = { result: 'success', findings: [], text: '', environment: {}, at: 2 } as const;
      await finishBuild(db, buildId, { epoch: 1 }, end);
    });
    artifacts = new Artifacts();
    await artifacts.rebuild(store.read);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  it('are there while they are read anew', async () => {
    const reading = artifacts.rebuild(store.read);

    assert.equal(artifacts.of(key, 'any')?.sha256, sha256);
    await reading;
    assert.equal(artifacts.of(key, 'any')?.sha256, sha256);
  });

  it('are those that were read last, whichever answer comes last', async () => {
    const { promise: isLate, resolve: letThrough } = Promise.withResolvers<void>();
    const late: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        await isLate;
        return result;
      },
    };
    const before = artifacts.rebuild(store.read.withPlugin(late));
    await fetchableArtifacts(store.read);
    await store.unit((db) => dropArtifacts(db, [1], 3));

    const after = artifacts.refresh(store.read, 1, commit);
    await fetchableArtifacts(store.read);
    letThrough();
    await Promise.all([before, after]);

    assert.equal(artifacts.of(key, 'any'), undefined);
  });
});
