import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { cpuSeconds, memoryMb, percentile, Report, round, until, waitQuiet } from '../measures.ts';
import { BenchFarm, endProcess } from './bench-farm.ts';
import { Gate } from './gate.ts';

const configSchema = z.looseObject({ workerUrl: z.string() });

interface Start {
  readonly httpS: number;
  readonly workerS: number;
  readonly portS: number;
  readonly rssMb: number;
  readonly cpuS: number;
}

/** M6: from the start command to the first answer of the API, and to the first worker that is in. */
export async function m6Start(name: string, runs: number): Promise<void> {
  const steps = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`p${n}`, 'true']));
  await using farm = await BenchFarm.create({ steps });
  const report = new Report('weir', name, { runs, builders: 10, mode: 'nodaemon' });
  // The first start ever makes the store, and the worker's place in it.
  await farm.startMaster();
  await farm.cancelFirstRequests();
  const [worker] = await farm.joinWorkers(['w0'], 1);
  await endProcess(worker);
  await waitQuiet(farm.pid);
  await farm.stopMaster();
  await using gate = await Gate.open(farm.workerPort);
  await dialThrough(gate, farm.workerDir('w0'));

  const starts: Start[] = [];
  for (let run = 0; run < runs; run++) starts.push(await timeStart(farm, gate));

  const median = (of: (start: Start) => number): number => percentile(starts.map(of), 50);
  const bounds = (of: (start: Start) => number) => ({
    min: round(Math.min(...starts.map(of)), 3),
    max: round(Math.max(...starts.map(of)), 3),
  });
  const emit = (metric: string, of: (start: Start) => number, unit: string, more = {}): void =>
    report.emit(metric, median(of), unit, { ...bounds(of), ...more });
  emit('m6.start_to_http_s', (start) => start.httpS, 's');
  const port = {
    port_open_s: round(
      median((start) => start.portS),
      3,
    ),
  };
  emit('m6.start_to_worker_s', (start) => start.workerS, 's', port);
  emit('m6.start_cpu_s', (start) => start.cpuS, 'cpu-s');
  emit('m6.start_rss_mb', (start) => start.rssMb, 'MB');
}

async function timeStart(farm: BenchFarm, gate: Gate): Promise<Start> {
  const worker = farm.runWorker('w0');
  await gate.knocked();
  if (farm.store.workersOnline() > 0) throw new Error('a worker is online without a master');
  const start = performance.now();
  const since = (): number => (performance.now() - start) / 1_000;
  farm.spawnMaster();
  const online = until('the worker', () => farm.store.workersOnline() > 0 || undefined, {
    everyMs: 5,
  }).then(since);
  const httpS = await until('the API', () => farm.isUp(), { everyMs: 10 }).then(since);
  const workerS = await online;
  await waitQuiet(farm.pid);
  const started = {
    httpS,
    workerS,
    portS: (gate.openedAt - start) / 1_000,
    rssMb: memoryMb(farm.pid).now,
    cpuS: cpuSeconds(farm.pid),
  };
  await endProcess(worker);
  await farm.stopMaster();
  return started;
}

/** Has the worker of this folder dial the gate from now on. */
async function dialThrough(gate: Gate, workerDir: string): Promise<void> {
  const path = join(workerDir, 'worker.json');
  const config = configSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const url = new URL(config.workerUrl);
  url.port = String(gate.port);
  await writeFile(path, JSON.stringify({ ...config, workerUrl: url.href }));
}
