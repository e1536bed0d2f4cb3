import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { HttpClient } from '../http-client.ts';
import { cpuSeconds, memoryMb, percentile, Report, round } from '../measures.ts';
import { startAgedFarm } from './aged-farm.ts';
import type { BenchFarm } from './bench-farm.ts';
import type { History } from './history.ts';

export interface HistoryOptions {
  /** Builders; the first is the runtime builder. */
  readonly builders: number;
  /** Builds of each. */
  readonly perBuilder: number;
  readonly runs: number;
  /** Loads of each page in a browser. */
  readonly pages: number;
  readonly wrkSeconds: number;
}

/** As many connections as a browser opens to one server. */
const connections = 6;
const pageReady = fileURLToPath(new URL('../page_ready.py', import.meta.url));
const readySchema = z.object({ ms: z.number(), requests: z.number(), bytes: z.number() });

/** M5: what the views ask for, over a store full of builds. */
export async function m5History(name: string, options: HistoryOptions): Promise<void> {
  const { builders, perBuilder } = options;
  const { farm: aged, history, fillS } = await startAgedFarm(builders, perBuilder);
  await using farm = aged;
  const before = memoryMb(farm.pid).now;

  const report = new Report('weir', name, { ...history, builders });
  const mb = statSync(join(farm.dataDir, 'weir.sqlite')).size / 1e6;
  report.emit('m5.db_mb', mb, 'MB', { fill_s: fillS });
  const views = viewsOf(history);
  for (const [view, paths] of Object.entries(views)) {
    await timeView(farm, report, { view, paths, runs: options.runs });
  }
  await timeScrolled(farm, report, options.runs);
  await loadWith(farm, report, { ...options, history });
  report.emit('m5.rss_mb', memoryMb(farm.pid).now, 'MB', { before_mb: round(before, 1) });
  await loadPages(farm, report, options.pages);
}

/** What a page's own load asks for to show what the baseline's page of this name shows. */
function viewsOf({ newest }: History): Record<string, readonly string[]> {
  const builder = 'lang/main/p000/here';
  return {
    waterfall: ['/', '/api/v1/builders?limit=100'],
    console: ['/console'],
    builders: ['/api/v1/builders?limit=100', '/api/v1/builds?limit=200'],
    home: ['/api/v1/farm', '/api/v1/builders?limit=100', '/api/v1/builds?limit=20'],
    builder: [`/builders/${builder}`],
    build: [`/builds/${newest}`],
  };
}

async function timeView(
  farm: BenchFarm,
  report: Report,
  { view, paths, runs }: { view: string; paths: readonly string[]; runs: number },
): Promise<void> {
  const clients = paths.slice(0, connections).map(() => new HttpClient(farm.url, null));
  try {
    const alone = await sizesOf(clients[0] ?? new HttpClient(farm.url, null), paths);
    const times: number[] = [];
    const cpu = cpuSeconds(farm.pid);
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      await Promise.all(
        clients.map(async (client, lane) => {
          for (let n = lane; n < paths.length; n += clients.length) {
            await client.drain(paths[n] ?? '/');
          }
        }),
      );
      times.push(performance.now() - start);
    }
    report.emit(`m5.${view}_ms_p50`, percentile(times, 50), 'ms', {
      p95: round(percentile(times, 95), 1),
      queries: paths.length,
      master_cpu_ms: round(((cpuSeconds(farm.pid) - cpu) / runs) * 1_000, 1),
      ...alone,
    });
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
}

const pageSchema = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });

/** The 1000 newest builds: page after page, as who scrolls asks for them. */
async function timeScrolled(farm: BenchFarm, report: Report, runs: number): Promise<void> {
  using client = new HttpClient(farm.url, null);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    let cursor = '';
    for (let builds = 0; builds < 1_000;) {
      const page = pageSchema.parse(await client.get(`/api/v1/builds?limit=200${cursor}`));
      builds += page.items.length;
      cursor = `&cursor=${encodeURIComponent(page.next ?? '')}`;
    }
    times.push(performance.now() - start);
  }
  const p95 = round(percentile(times, 95), 1);
  report.emit('m5.waterfall_scrolled_ms_p50', percentile(times, 50), 'ms', { p95, queries: 5 });
}

async function sizesOf(client: HttpClient, paths: readonly string[]): Promise<{ bytes: number }> {
  let bytes = 0;
  for (const path of paths) bytes += (await client.drain(path)).bytes;
  return { bytes };
}

async function loadWith(
  farm: BenchFarm,
  report: Report,
  { wrkSeconds, history }: { wrkSeconds: number; history: History },
): Promise<void> {
  const asked = {
    builds40: '/api/v1/builds?limit=40',
    build_one: `/api/v1/builds/${history.newest}`,
  };
  for (const [name, path] of Object.entries(asked)) {
    const out = await run('wrk', ['-t1', '-c8', `-d${wrkSeconds}s`, '--latency', farm.url + path]);
    const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]);
    const errors = Number(/Non-2xx or 3xx responses: (\d+)/.exec(out)?.[1] ?? 0);
    const p99 = /99%\s+(\S+)/.exec(out)?.[1];
    report.emit(`m5.rps_${name}`, perSecond, 'requests/s', { connections: 8, p99, errors });
  }
}

async function loadPages(farm: BenchFarm, report: Report, loads: number): Promise<void> {
  const python = process.env['BENCH_PYTHON'] ?? '/usr/bin/python3';
  const pages = { waterfall: ['/', '.build', 40], console: ['/console', '.tell', 200] } as const;
  for (const [name, [path, selector, count]] of Object.entries(pages)) {
    const args = [
      '-B',
      pageReady,
      '--runs',
      String(loads),
      farm.url + path,
      selector,
      String(count),
    ];
    const lines = (await run(python, args)).trim().split('\n');
    const ready = lines.map((line) => readySchema.parse(JSON.parse(line)));
    const times = ready.map(({ ms }) => ms);
    report.emit(`m5.page_${name}_ms`, percentile(times, 50), 'ms', {
      runs: loads,
      min: round(Math.min(...times), 1),
      max: round(Math.max(...times), 1),
      requests: ready[0]?.requests,
      bytes: ready[0]?.bytes,
      selector,
      count,
    });
  }
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (status !== 0) throw new Error(`${command} ended with ${String(status)}`);
  return output;
}
