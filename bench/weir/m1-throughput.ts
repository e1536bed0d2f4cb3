import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, memoryMb, Report, round, waitQuiet } from '../measures.ts';
import { BenchFarm } from './bench-farm.ts';

const builders = 10;
const workers = 4;
const slots = 4;
const stuckAfterS = 30;

/** M1: R no-op builds, queued while all workers are paused, drained by 4 workers of 4 slots each. */
export async function m1Throughput(name: string, builds: number): Promise<void> {
  const projects = Array.from({ length: builders }, (_, n) => `p${n}`);
  const names = Array.from({ length: workers }, (_, n) => `w${n}`);
  const steps = Object.fromEntries(projects.map((project) => [project, 'true']));
  await using farm = await BenchFarm.create({ steps });
  const report = new Report('weir', name, { builds, builders, workers, max_builds: slots });
  await farm.startMaster();
  await farm.cancelFirstRequests();
  const children = await farm.joinWorkers(names, slots);
  await farm.warmUp(projects, names);
  await farm.setWorkers(names, 'pause');
  await waitQuiet(farm.pid);
  const base = farm.store.buildsFinished();

  const enqueueing = await costOf(farm.pid, async () => {
    for (let n = 0; n < builds; n++) await farm.force(projects[n % builders] ?? '');
  });
  await waitQuiet(farm.pid);
  if (farm.store.buildsFinished() !== base) throw new Error('a paused worker took a build');

  const workersBefore = cpuOf(children);
  const marks: [seconds: number, done: number][] = [];
  const before = cpuSeconds(farm.pid);
  const start = performance.now();
  await farm.setWorkers(names, 'resume');
  for (let done = 0; done < builds; await sleep(50)) {
    const now = (performance.now() - start) / 1_000;
    done = farm.store.buildsFinished() - base;
    const last = marks.at(-1);
    if (last?.[1] !== done) marks.push([now, done]);
    else if (now - last[0] > stuckAfterS) throw new Error(`stuck: ${await farm.whyStuck()}`);
  }
  const [seconds] = marks.at(-1) ?? [0];
  await waitQuiet(farm.pid);
  const cpu = cpuSeconds(farm.pid) - before;
  const red = farm.store.buildsNotGreen(builds);
  if (red > 0) throw new Error(`${red} builds did not succeed`);

  const at = (share: number): number => marks.find(([, n]) => n >= builds * share)?.[0] ?? 0;
  const params = {
    middle80_builds_per_s: round((0.8 * builds) / (at(0.9) - at(0.1) || 1e-9), 2),
    agents_cpu_s_per_build: round((cpuOf(children) - workersBefore) / builds, 4),
    rss_mb: round(memoryMb(farm.pid).now, 1),
  };
  report.emit('m1.builds_per_s', builds / seconds, 'builds/s', params);
  report.emit('m1.enqueue_per_s', builds / enqueueing.seconds, 'requests/s', params);
  report.emit('m1.master_cpu_s_per_build', cpu / builds, 'cpu-s', params);
  report.emit('m1.master_cpu_s_per_request', enqueueing.cpu / builds, 'cpu-s', params);
}

async function costOf(
  pid: number,
  work: () => Promise<void>,
): Promise<{ seconds: number; cpu: number }> {
  const cpu = cpuSeconds(pid);
  const start = performance.now();
  await work();
  return { seconds: (performance.now() - start) / 1_000, cpu: cpuSeconds(pid) - cpu };
}

function cpuOf(children: readonly { pid?: number | undefined }[]): number {
  return children.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : cpuSeconds(pid)), 0);
}
