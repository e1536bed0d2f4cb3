import type { ApiFarm, ApiWorker } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmFacts } from '../../command.ts';
import { isOpenBreakage } from '../../store/breakages.ts';
import { isOpen } from '../../store/builds.ts';
import { eventBounds } from '../../store/events.ts';
import { isWaiting } from '../../store/requests.ts';
import type { Database } from '../../store/schema.ts';
import type { WorkerRow } from '../../store/workers.ts';
import { acceptedWorkers } from '../../store/workers.ts';
import { weirVersion } from '../version.ts';

/** The farm at a glance. */
export async function readFarm(db: Kysely<Database>, farm: FarmFacts): Promise<ApiFarm> {
  // First: whatever happens while the rest is read comes again as an event.
  const { newest } = await eventBounds(db);
  const workers = await acceptedWorkers(db);
  const online = workers.filter((worker) => worker.online === 1);
  const waiting = await db
    .selectFrom('request')
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.min('created_at').as('since')])
    .where(isWaiting)
    .executeTakeFirstOrThrow();
  const running = await db
    .selectFrom('build')
    .select(['worker_id', (eb) => eb.fn.countAll<number>().as('count')])
    .where(isOpen)
    .groupBy('worker_id')
    .execute();
  const here = new Set(online.map(({ id }) => id));
  const builds = (rows: typeof running): number => rows.reduce((sum, { count }) => sum + count, 0);
  const broken = await db
    .selectFrom('breakage')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where(isOpenBreakage)
    .executeTakeFirstOrThrow();
  const shortage = farm.shortage === null ? [] : [farm.shortage];
  return {
    name: farm.name,
    introduction: farm.file.introduction,
    version: weirVersion,
    warnings: [...shortage, ...farm.warnings, ...online.flatMap(sandboxWarning)],
    workersOnline: online.length,
    workers: workers.length,
    slots: online.reduce((sum, worker) => sum + worker.slots, 0),
    slotsBusy: builds(running.filter(({ worker_id: id }) => here.has(id))),
    buildsRunning: builds(running),
    waiting: waiting.count,
    oldestWaitSince: waiting.since,
    breakages: broken.count,
    event: newest,
  };
}

function sandboxWarning({ name, sandbox_json }: WorkerRow): string[] {
  const sandbox = JSON.parse(sandbox_json ?? 'null') as ApiWorker['sandbox'];
  return sandbox?.kind === 'none'
    ? [`The sandbox is off on worker ${name}: its builds can do what its user can.`]
    : [];
}
