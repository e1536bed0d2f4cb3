import type { ApiFarm } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmFacts, FarmRules } from '../../command.ts';
import { isOpenBreakage } from '../../store/breakages.ts';
import { isOpen } from '../../store/builds.ts';
import { eventBounds } from '../../store/events.ts';
import { allMembers, deadAfterMs } from '../../store/members.ts';
import { isWaiting } from '../../store/requests.ts';
import type { Database } from '../../store/schema.ts';
import { weirVersion } from '../version.ts';

/** The farm at a glance. */
export async function readFarm(
  db: Kysely<Database>,
  farm: FarmFacts,
  now: number,
): Promise<ApiFarm> {
  // First: whatever happens while the rest is read comes again as an event.
  const { newest } = await eventBounds(db);
  const workers = await countWorkers(db, farm.rules);
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
  const busy = running.map(({ worker_id: id }) => id);
  const here = await onlineOf(db, farm.rules.isEngineAlive ? busy : []);
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
    warnings: [...shortage, ...farm.warnings, ...(await sandboxWarning(db))],
    workersOnline: workers.online,
    workers: workers.all,
    slots: workers.slots,
    slotsBusy: builds(running.filter(({ worker_id: id }) => here.has(id))),
    buildsRunning: builds(running),
    waiting: waiting.count,
    oldestWaitSince: waiting.since,
    breakages: broken.count,
    event: newest,
    members: await readMembers(db, now),
  };
}

/** The processes of a farm that has several. Those that are dead stay until an engine that is alive drops them. */
export async function readMembers(db: Kysely<Database>, now: number): Promise<ApiFarm['members']> {
  const members = await allMembers(db);
  return members.map(({ role, name, version, started_at: since, heard_at: heardAt, leads }) => {
    const silent = heardAt < now - deadAfterMs;
    return { role, name, version, since, heardAt, silent, leads: leads === 1 && !silent };
  });
}

async function countWorkers(
  db: Kysely<Database>,
  { isEngineAlive }: FarmRules,
): Promise<{ all: number; online: number; slots: number }> {
  const rows = await db
    .selectFrom('worker')
    .select((eb) => [
      'online',
      eb.fn.countAll<number>().as('count'),
      eb.fn.sum<number>('slots').as('slots'),
    ])
    .where('state', '=', 'accepted')
    .groupBy('online')
    .execute();
  const online = isEngineAlive ? rows.find((row) => row.online === 1) : undefined;
  const all = rows.reduce((sum, { count }) => sum + count, 0);
  return { all, online: online?.count ?? 0, slots: online?.slots ?? 0 };
}

/** Those of the workers that are there. */
async function onlineOf(db: Kysely<Database>, ids: readonly number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('worker')
    .select('id')
    .where('id', 'in', ids)
    .where('online', '=', 1)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** So many workers are named; a farm that has no sandbox anywhere is told so once. */
const mostNamed = 3;

async function sandboxWarning(db: Kysely<Database>): Promise<string[]> {
  const rows = await db
    .selectFrom('worker')
    .select('name')
    .where('state', '=', 'accepted')
    .where('online', '=', 1)
    .where('sandbox_json', 'like', '{"kind":"none"%')
    .orderBy('name')
    .limit(mostNamed + 1)
    .execute();
  const [first, second] = rows.map(({ name }) => name);
  if (first === undefined) return [];
  if (second === undefined) {
    return [`The sandbox is off on worker ${first}: its builds can do what its user can.`];
  }
  const names = rows.slice(0, mostNamed).map(({ name }) => name);
  const more = rows.length > mostNamed ? ' and more' : '';
  return [
    `The sandbox is off on the workers ${names.join(', ')}${more}: their builds can do what their users can.`,
  ];
}
