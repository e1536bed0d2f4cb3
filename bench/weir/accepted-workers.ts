import { join } from 'node:path';
import { openStore } from '../../packages/master/src/store/store.ts';
import {
  insertPending,
  setEnrolment,
  workerByName,
} from '../../packages/master/src/store/workers.ts';
import { fingerprintOf } from '../../packages/master/src/workers/farm-key.ts';

/** Workers that a farm which does not run has accepted: the public key of each, base64. */
export async function acceptWorkers(
  dataDir: string,
  workers: readonly { readonly name: string; readonly key: string }[],
): Promise<void> {
  await using store = await openStore(join(dataDir, 'weir.sqlite'));
  await store.unit(async (db) => {
    for (const { name, key } of workers) {
      const fingerprint = fingerprintOf(Buffer.from(key, 'base64'));
      const asking = { name, key, fingerprint, owner: '', agent: '0', address: null };
      await insertPending(db, { ...asking, at: Date.now() });
      const row = await workerByName(db, name);
      if (row !== undefined) await setEnrolment(db, row.id, ['pending'], 'accepted');
    }
  });
}
