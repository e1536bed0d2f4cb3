import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Farm } from '@weir/model';
import type { Kysely } from 'kysely';
import type { FarmVersion } from '../../packages/master/src/farm/in-force.ts';
import { FarmInForce } from '../../packages/master/src/farm/in-force.ts';
import { readFarmText } from '../../packages/master/src/farm/read-farm-file.ts';
import { branchByName, moveCursor } from '../../packages/master/src/store/branches.ts';
import { insertChange } from '../../packages/master/src/store/changes.ts';
import type { Database } from '../../packages/master/src/store/schema.ts';
import { openStore } from '../../packages/master/src/store/store.ts';
import { insertPending } from '../../packages/master/src/store/workers.ts';
import { acceptWorker } from '../../packages/master/src/workers/enrolment.ts';
import { openFarmKey } from '../../packages/master/src/workers/farm-key.ts';
import type { FarmKey } from '../../packages/master/src/workers/farm-key.ts';
import type { WorkerKey } from '../../packages/worker/src/link/worker-key.ts';
import { openWorkerKey } from '../../packages/worker/src/link/worker-key.ts';

export const reattachWithinMs = 60_000;
const farmText = `
farm: Model farm
artifacts: same-worker
platforms: {here: [linux]}
upstreams:
  lang:
    repository: https://git.example/lang
    trunks: {main: {}}
    steps: [{build: make}, {check: make check}]
limits: {log: 128KiB, reattach-within: 1m}
`;
/** As it is put in force. */
export const version: FarmVersion = {
  files: { path: 'farm.yaml', text: farmText, included: [] },
  by: 'test',
  reason: null,
  source: { kind: 'file' },
};
export const builder = 'lang/main/here';

/** Where it is there, each commit costs no wait for a disk. */
const memory = '/dev/shm';

/** The machines of the model farm, with their slots. */
const machines = { w1: 2, w2: 1 } as const;

export interface TemplateWorker {
  readonly name: string;
  readonly slots: number;
  readonly key: WorkerKey;
}

/** A farm to begin with, made once for all runs: its store, its keys, its accepted workers. */
export interface Template extends Disposable {
  readonly dir: string;
  readonly storePath: string;
  readonly farm: Farm;
  readonly farmKey: FarmKey;
  readonly workers: readonly TemplateWorker[];
}

/** Something to build. */
async function addChange(db: Kysely<Database>): Promise<void> {
  const branch = await branchByName(db, 'lang/main');
  assert.ok(branch !== undefined);
  const commit = '1'.repeat(40);
  const author = { name: 'Ann', email: 'ann@example.test' };
  await insertChange(db, {
    branchId: branch.id,
    position: 1,
    commit,
    parent: null,
    author,
    authoredAt: 1,
    committer: author,
    committedAt: 1,
    seenAt: 1,
    subject: 'A language',
    message: '',
    files: [],
  });
  await moveCursor(db, branch, { head: commit, position: 1, rewrittenAt: null, at: 1 });
}

export async function makeTemplate(): Promise<Template> {
  const dir = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'weir-model-'));
  const reading = readFarmText(farmText, 'farm.yaml');
  assert.ok(reading.ok, 'the farm file of the model is right');
  const { farm } = reading;
  const storePath = join(dir, 'template', 'weir.sqlite');
  mkdirSync(join(dir, 'template'));
  const workers = Object.entries(machines).map(([name, slots]) => ({
    name,
    slots,
    key: openWorkerKey(join(dir, `${name}.pem`)),
  }));
  await using store = await openStore(storePath);
  await new FarmInForce(store, null).apply(farm, version, 1);
  await store.unit(addChange);
  for (const { name, key } of workers) {
    const { publicKey, fingerprint } = key;
    const asked = { name, key: publicKey, fingerprint, owner: '', agent: '1', address: null };
    const accept = { worker: name, fingerprint, labels: [], trust: 'normal', reason: '' } as const;
    await store.unit(async (db) => {
      await insertPending(db, { ...asked, at: 1 });
      await acceptWorker(db, { ...accept, actor: 'test', now: () => 1 });
    });
  }
  return {
    dir,
    storePath,
    farm,
    farmKey: openFarmKey(join(dir, 'farm.pem')),
    workers,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
