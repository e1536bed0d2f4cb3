import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLogFiles } from '../../packages/master/src/builds/logs/log-files.ts';
import { cpuSeconds, memoryMb, percentile, Report, round, waitQuiet } from '../measures.ts';
import { BenchFarm } from './bench-farm.ts';
import { printingScript } from './log-text.ts';

/** M4: one step prints a large log; then the log is read back in every way that a reader has. */
export async function m4Log(
  name: string,
  { mb, text }: { mb: number; text: 'yes' | 'varied' },
): Promise<void> {
  const steps = { p0: printingScript(mb, text), p1: 'true' };
  await using farm = await BenchFarm.create({ steps });
  const report = new Report('weir', name, { text, mb, line_bytes: 80 });
  await farm.startMaster();
  await farm.cancelFirstRequests();
  await farm.joinWorkers(['w0'], 1);
  await farm.warmUp(['p1'], ['w0']);
  await waitQuiet(farm.pid);
  const before = { cpu: cpuSeconds(farm.pid), rss: memoryMb(farm.pid).now, mb: storedMb(farm) };
  const finished = farm.store.buildsFinished();
  await farm.force('p0');
  const smallReads = await readUntil(farm, () => farm.store.buildsFinished() > finished);
  const end = performance.timeOrigin + performance.now();
  if (farm.store.buildsNotGreen(1) > 0) throw new Error('the build did not succeed');
  const log = farm.store.newestLog();
  const seconds = (end - (await stampOf(farm, log))) / 1_000;
  const stored = { cpu: cpuSeconds(farm.pid), mb: storedMb(farm) };
  await waitQuiet(farm.pid);
  const { now, peak } = memoryMb(farm.pid);
  report.emit('m4.log_mb_per_s', mb / seconds, 'MB/s', { seconds: round(seconds, 2) });
  report.emit('m4.log_master_cpu_s', cpuSeconds(farm.pid) - before.cpu, 'cpu-s', {
    before_packing: round(stored.cpu - before.cpu, 2),
    rss_before_mb: round(before.rss, 1),
    rss_mb: round(now, 1),
    rss_peak_mb: round(peak, 1),
  });
  report.emit('m4.log_db_mb', storedMb(farm), 'MB', {
    before_mb: round(before.mb, 2),
    before_packing_mb: round(stored.mb, 2),
    lines: log.lines,
  });
  report.emit('m4.log_small_get_ms_p95', percentile(smallReads, 95), 'ms', {
    n: smallReads.length,
    p50: round(percentile(smallReads, 50), 1),
    max: round(Math.max(...smallReads), 1),
    note: 'GET /api/v1/workers once a second meanwhile',
  });
  await readBack(farm, report, log);
}

/** A trivial read once a second, until it is true. */
async function readUntil(farm: BenchFarm, isDone: () => boolean): Promise<number[]> {
  const reads: number[] = [];
  for (let next = 0; !isDone(); await sleep(20)) {
    if (performance.now() < next) continue;
    next = performance.now() + 1_000;
    reads.push(await millisecondsOf(() => farm.client.get('/api/v1/workers')));
  }
  return reads;
}

async function stampOf(farm: BenchFarm, log: { id: number; file: string }): Promise<number> {
  using logs = readLogFiles(join(farm.dataDir, 'logs'));
  const [line] = await logs.lines(log, 0, 1);
  return Number(Buffer.from(line?.bytes ?? []).toString()) / 1e6;
}

async function readBack(
  farm: BenchFarm,
  report: Report,
  log: { id: number; lines: number },
): Promise<void> {
  const pageOf = (from: number, count: number): Promise<unknown> =>
    farm.client.get(`/api/v1/logs/${log.id}/lines?from=${from}&count=${count}`);

  const raw = await farm.client.drain(`/api/v1/logs/${log.id}`);
  report.emit('m4.log_read_raw_mb_per_s', raw.bytes / 1e6 / raw.seconds, 'MB/s', {
    bytes: raw.bytes,
    seconds: round(raw.seconds, 2),
    first_byte_s: round(raw.firstByteS, 3),
    rss_peak_mb: round(memoryMb(farm.pid).peak, 1),
  });
  const ms = await millisecondsOf(async () => {
    for (let from = 0; from < log.lines; from += 5_000) await pageOf(from, 5_000);
  });
  report.emit('m4.log_read_json_mb_per_s', raw.bytes / 1e6 / (ms / 1_000), 'MB/s', {
    seconds: round(ms / 1_000, 2),
    rss_peak_mb: round(memoryMb(farm.pid).peak, 1),
    note: 'in pages of 5,000 lines, one after another',
  });
  const pages: number[] = [];
  for (let n = 0; n < 20; n++) {
    const from = Math.floor((log.lines * n) / 21);
    pages.push(await millisecondsOf(() => pageOf(from, 200)));
  }
  report.emit('m4.log_page_ms_p50', percentile(pages, 50), 'ms', {
    p95: round(percentile(pages, 95), 1),
    lines: 200,
  });
}

/** The store and the log files, on the disk. */
function storedMb({ dataDir }: BenchFarm): number {
  const stored = ['weir.sqlite', 'weir.sqlite-wal'].map((name) => join(dataDir, name));
  const logs = join(dataDir, 'logs');
  for (const name of readdirSync(logs, { recursive: true })) stored.push(join(logs, String(name)));
  const bytes = stored.map((path) => statSync(path)).map((stat) => (stat.isFile() ? stat.size : 0));
  return bytes.reduce((sum, size) => sum + size, 0) / 1e6;
}

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
