import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, memoryMb, percentile, Report, round, until, waitQuiet } from '../measures.ts';
import { acceptWorkers } from './accepted-workers.ts';
import { BenchFarm, endProcess } from './bench-farm.ts';
import type { FleetMessage } from './idle-fleet.ts';

export interface Idle {
  readonly workers: number;
  /** How long the idle farm is watched. */
  readonly seconds: number;
  /** Handshakes at once, at most. */
  readonly window: number;
}

/** M3: what workers with nothing to do cost the master. */
export async function m3Idle(name: string, options: Idle): Promise<void> {
  const { workers, seconds, window } = options;
  const steps = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`p${n}`, 'true']));
  await using farm = await BenchFarm.create({ steps });
  const report = new Report('weir', name, { ...options, builders: 10 });
  // The first start ever makes the store; the workers are in it before the next one.
  await farm.startMaster();
  await farm.cancelFirstRequests();
  await farm.stopMaster();
  const fleet = fork(fileURLToPath(new URL('./idle-fleet.ts', import.meta.url)), [
    String(farm.workerPort),
    String(workers),
    String(window),
  ]);
  try {
    const told = await hear(fleet);
    await acceptWorkers(farm.dataDir, 'workers' in told ? told.workers : []);
    await farm.startMaster();
    await waitQuiet(farm.pid);
    const before = { rssMb: memoryMb(farm.pid).now, cpuS: cpuSeconds(farm.pid) };

    const start = performance.now();
    const connected = hear(fleet);
    fleet.send('connect');
    await connected;
    await until('all workers', () => farm.store.workersOnline() === workers || undefined);
    const connectS = (performance.now() - start) / 1_000;
    const connectCpuS = round(cpuSeconds(farm.pid) - before.cpuS, 2);
    // What the handshakes leave behind is collected, or it would count as what a worker takes.
    await sleep(5_000);

    const idleFrom = cpuSeconds(farm.pid);
    await sleep(seconds * 1_000);
    const idlePercent = ((cpuSeconds(farm.pid) - idleFrom) / seconds) * 100;
    if (farm.store.workersOnline() !== workers) throw new Error('not all workers stayed');
    const rssMb = memoryMb(farm.pid).now;

    report.emit('m3.rss_mb', rssMb, 'MB', { rss_before_mb: round(before.rssMb, 1) });
    report.emit('m3.rss_kb_per_worker', ((rssMb - before.rssMb) * 1024) / workers, 'kB');
    report.emit('m3.idle_cpu_pct', idlePercent, '% of a core');
    report.emit('m3.connect_s', connectS, 's', { connect_cpu_s: connectCpuS });
    report.emit('m3.builders_get_ms_p50', percentile(await timeReads(farm), 50), 'ms');
  } finally {
    await endProcess(fleet);
  }
}

async function hear(fleet: ChildProcess): Promise<FleetMessage> {
  const ended = once(fleet, 'exit').then(() => {
    throw new Error('the fleet ended');
  });
  const [message] = (await Promise.race([once(fleet, 'message'), ended])) as [FleetMessage];
  return message;
}

/** Is it still a farm? Milliseconds of a few reads of its ten builders. */
async function timeReads(farm: BenchFarm): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < 10; n++) {
    const start = performance.now();
    await farm.client.get('/api/v1/builders');
    times.push(performance.now() - start);
  }
  return times;
}
