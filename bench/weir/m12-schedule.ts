import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Kysely } from 'kysely';
import { FarmInForce } from '../../packages/master/src/farm/in-force.ts';
import { writeRequests } from '../../packages/master/src/schedule/write-requests.ts';
import { branchByName, moveCursor } from '../../packages/master/src/store/branches.ts';
import { insertChange } from '../../packages/master/src/store/changes.ts';
import type { Database } from '../../packages/master/src/store/schema.ts';
import { openStore } from '../../packages/master/src/store/store.ts';
import { Report } from '../measures.ts';
import { drawOf } from '../simulate/draw.ts';
import { fleetOf } from '../simulate/fleets.ts';

const trunk = 'cpython/main';

/**
 * M12: how long the store is kept busy by one commit on a trunk whose projects are tested on three
 * platforms each. Nothing is built, so that the second commit's requests supersede the first one's.
 */
export async function m12Schedule(name: string, projects: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  try {
    const report = new Report('weir', name, { projects });
    const { farm } = fleetOf('packages', drawOf(1), { projects });
    await using store = await openStore(join(dir, 'weir.sqlite'));
    const inForce = new FarmInForce(store, null);
    const files = { path: 'farm.yaml', text: 'farm: bench', included: [] };
    const source = { kind: 'file' } as const;
    await inForce.apply(farm, { files, by: 'bench', reason: null, source }, 1);
    for (const [index, metric] of ['first', 'superseding'].entries()) {
      const position = index + 1;
      await store.unit((db) => addCommit(db, position));
      const builders = inForce.builders();
      const cpu = process.cpuUsage();
      const start = performance.now();
      const { requests } = await store.unit((db) =>
        writeRequests(db, { branch: trunk, upTo: position, farm, builders, at: position }),
      );
      const ms = performance.now() - start;
      const { user, system } = process.cpuUsage(cpu);
      const params = { requests: requests.length, wall_ms: Math.round(ms) };
      report.emit(`m12.schedule_cpu_ms.${metric}`, (user + system) / 1_000, 'ms', params);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function addCommit(db: Kysely<Database>, position: number): Promise<void> {
  const branch = await branchByName(db, trunk);
  if (branch === undefined) throw new Error(`no branch ${trunk}`);
  const commit = String(position).repeat(40);
  const author = { name: 'Ann', email: 'ann@example.test' };
  await insertChange(db, {
    branchId: branch.id,
    position,
    commit,
    parent: null,
    author,
    authoredAt: 1,
    committer: author,
    committedAt: 1,
    seenAt: position,
    subject: 'A commit',
    message: '',
    files: [],
  });
  await moveCursor(db, branch, { head: commit, position, rewrittenAt: null, at: position });
}
