import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLogFiles } from '../../packages/master/src/builds/logs/log-files.ts';
import { percentile, Report, round, until, waitQuiet } from '../measures.ts';
import { BenchFarm } from './bench-farm.ts';

const workers = 5;
const lines = 30;

/** M7 with many builds: how long after its return a killed master has each of them again. */
export async function m7Restart(name: string, builds: number): Promise<void> {
  const script = `i=0
while [ $i -lt ${lines} ]; do i=$((i+1)); echo line $i; sleep 1; done`;
  const names = Array.from({ length: workers }, (_, n) => `w${n}`);
  await using farm = await BenchFarm.create({ steps: { p0: script, p1: 'true' } });
  const report = new Report('weir', name, { builds, workers, down_s: 0 });
  await farm.startMaster();
  await farm.cancelFirstRequests();
  await farm.joinWorkers(names, builds / workers);
  await farm.warmUp(['p1'], names);
  await waitQuiet(farm.pid);

  const first = farm.store.count('select max(id) from build') + 1;
  for (let n = 0; n < builds; n++) await farm.force('p0');
  const running = 'select count(*) from step where build_id >= ? and started_at is not null';
  await until('all builds', () => farm.store.count(running, first) === builds || undefined);
  await sleep(2_000);

  await farm.killMaster();
  const startedAt = Date.now();
  farm.spawnMaster();
  const upS = await until('the API', () => farm.isUp(), { everyMs: 10 }).then(
    () => (Date.now() - startedAt) / 1_000,
  );
  const attached = `select at from event where kind = 'build.attached' and at >= ?`;
  const times = await until('all builds again', () => {
    const rows = farm.store.rows(attached, startedAt);
    return rows.length < builds
      ? undefined
      : rows.map(({ at }) => (Number(at) - startedAt) / 1_000);
  });
  const open = `select count(*) from build where id >= ? and state <> 'finished'`;
  await until('the ends', () => farm.store.count(open, first) === 0 || undefined);

  const params = { up_s: round(upS, 2), ...(await outcome(farm, first, builds)) };
  report.emit('m7.restart_to_attached_s_p50', percentile(times, 50), 's', params);
  report.emit('m7.restart_to_attached_s_max', Math.max(...times), 's', params);
  const sinceUp = Math.max(...times) - upS;
  report.emit('m7.up_to_attached_s_max', Math.max(0, sinceUp), 's', params);
}

/** What became of the builds from this one on: by the store, and line by line. */
async function outcome(
  farm: BenchFarm,
  first: number,
  builds: number,
): Promise<Record<string, number>> {
  using logs = readLogFiles(join(farm.dataDir, 'logs'));
  const rows = farm.store.rows(
    'select l.id, l.file from log l where l.build_id >= ? order by l.id',
    first,
  );
  let whole = 0;
  for (const { id, file } of rows) {
    const read = await logs.lines({ id: Number(id), file: String(file) }, 0, 2 * lines);
    const text = read.map(({ bytes }) => Buffer.from(bytes).toString()).join('\n');
    if (text === Array.from({ length: lines }, (_, n) => `line ${n + 1}`).join('\n')) whole += 1;
  }
  const started = farm.store.count('select count(*) from build where id >= ?', first);
  const green = `select count(*) from build where id >= ? and result = 'success'`;
  return {
    builds_green: farm.store.count(green, first),
    started_over: started - builds,
    logs_whole: whole,
  };
}
