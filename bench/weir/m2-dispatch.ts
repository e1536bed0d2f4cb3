import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLogFiles } from '../../packages/master/src/builds/logs/log-files.ts';
import { cpuSeconds, percentile, Report, round, until, waitQuiet } from '../measures.ts';
import { BenchFarm } from './bench-farm.ts';

const warmUps = 3;

/**
 * M2: from just before a request is sent to the time that its step's command prints, on an idle
 * farm. The stamp goes to the step's log, as a sandbox writes no file outside of it.
 */
export async function m2Dispatch(name: string, runs: number): Promise<void> {
  await using farm = await BenchFarm.create({ steps: { p0: 'date +%s%N' } });
  const report = new Report('weir', name, { runs, workers: 1, builders: 1, via: 'force' });
  await farm.startMaster();
  await farm.cancelFirstRequests();
  await farm.joinWorkers(['w0'], 1);
  await farm.warmUp(['p0'], ['w0']);
  await waitQuiet(farm.pid);
  using logs = readLogFiles(join(farm.dataDir, 'logs'));
  const full: number[] = [];
  const afterReply: number[] = [];
  const cpu = cpuSeconds(farm.pid);
  for (let run = -warmUps; run < runs; run++) {
    const finished = farm.store.buildsFinished();
    const asked = preciseNow();
    await farm.force('p0');
    const replied = preciseNow();
    await until('the build', () => farm.store.buildsFinished() > finished || undefined, {
      everyMs: 10,
    });
    const [line] = await logs.lines(farm.store.newestLog(), 0, 1);
    const ran = Number(Buffer.from(line?.bytes ?? []).toString()) / 1e6;
    if (run >= 0) {
      full.push(ran - asked);
      afterReply.push(ran - replied);
    }
    await sleep(150);
  }
  const params = {
    min: round(Math.min(...full), 1),
    max: round(Math.max(...full), 1),
    after_reply_p50: round(percentile(afterReply, 50), 1),
    after_reply_p95: round(percentile(afterReply, 95), 1),
    master_cpu_s_per_build: round((cpuSeconds(farm.pid) - cpu) / (runs + warmUps), 4),
  };
  report.emit('m2.dispatch_ms_p50', percentile(full, 50), 'ms', params);
  report.emit('m2.dispatch_ms_p95', percentile(full, 95), 'ms', params);
}

/** Milliseconds UTC, by the clock that `date` reads. */
function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
