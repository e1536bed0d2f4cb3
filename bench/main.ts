import { limit } from './limit/limit.ts';
import { m1Throughput } from './weir/m1-throughput.ts';
import { m2Dispatch } from './weir/m2-dispatch.ts';
import { m3Idle } from './weir/m3-idle.ts';
import { m4Log } from './weir/m4-log.ts';
import { m4Tail } from './weir/m4-tail.ts';
import { m5Grown } from './weir/m5-grown.ts';
import { m5History } from './weir/m5-history.ts';
import { m6Start } from './weir/m6-start.ts';
import { m7Recovery } from './weir/m7-recovery.ts';
import { m7Restart } from './weir/m7-restart.ts';
import { m8UnderLoad } from './weir/m8-under-load.ts';
import { m9Reports } from './weir/m9-reports.ts';
import { m10Artifacts } from './weir/m10-artifacts.ts';
import { m11Tests } from './weir/m11-tests.ts';
import { m12Schedule } from './weir/m12-schedule.ts';
import { m13Engines } from './weir/m13-engines.ts';

const view = { builders: 100, runs: 30, pages: 5, wrkSeconds: 5 };
/** Fifty thousand builds, and a million. */
const grown = { young: 500, old: 10_000 };
const engines = {
  rounds: Number(process.env['BENCH_ROUNDS'] ?? 3),
  share: 0.25,
  // They take builds in step: with more, one step more or less in the time measured would be much.
  workers: 32,
  requests: 9_000,
  warmUpBuilds: 500,
  settleSeconds: 5,
  seconds: 40,
};

/** What README.md here defines, by the case that it is printed under. */
const measurements: Readonly<
  Record<string, readonly [name: string, run: (name: string) => Promise<void>][]>
> = {
  limit: [
    ['main', (name) => limit(name, { builds: 2_000, isGrouped: false })],
    ['grouped', (name) => limit(name, { builds: 2_000, isGrouped: true })],
  ],
  m1: [
    ['main', (name) => m1Throughput(name, 200)],
    ['drain20s', (name) => m1Throughput(name, Number(process.env['BENCH_BUILDS'] ?? 5_000))],
  ],
  m2: [['main', (name) => m2Dispatch(name, 30)]],
  m3: [
    ['w100', (name) => m3Idle(name, { workers: 100, seconds: 15, window: 30 })],
    ['w1000', (name) => m3Idle(name, { workers: 1_000, seconds: 15, window: 30 })],
    ['w10000', (name) => m3Idle(name, { workers: 10_000, seconds: 15, window: 30 })],
  ],
  m4: [
    ['main', (name) => m4Log(name, { mb: 200, text: 'yes' })],
    ['main', (name) => m4Tail(name, { lines: 60, everyMs: 250 })],
    ['varied', (name) => m4Log(name, { mb: 50, text: 'varied' })],
  ],
  m5: [
    ['main', (name) => m5History(name, { ...view, perBuilder: 500 })],
    ['million', (name) => m5History(name, { ...view, perBuilder: 10_000 })],
    ['grown', (name) => m5Grown(name, { builders: 100, perBuilder: grown, runs: 150 })],
  ],
  m6: [['main', (name) => m6Start(name, 3)]],
  m7: [
    ['main', (name) => m7Recovery(name, 3)],
    ['builds50', (name) => m7Restart(name, 50)],
  ],
  m8: [['main', (name) => m8UnderLoad(name, { rounds: 3, viewers: 200, rate: 20, seconds: 30 })]],
  m9: [
    ['junit', (name) => m9Reports(name, { format: 'junit', tests: 50_000, runs: 5 })],
    ['tap', (name) => m9Reports(name, { format: 'tap', tests: 50_000, runs: 5 })],
    ['go-test', (name) => m9Reports(name, { format: 'go-test', tests: 50_000, runs: 5 })],
    ['subunit', (name) => m9Reports(name, { format: 'subunit', tests: 50_000, runs: 5 })],
    ['junit1m', (name) => m9Reports(name, { format: 'junit', tests: 1_000_000, runs: 3 })],
  ],
  m10: [['main', (name) => m10Artifacts(name, 256)]],
  m11: [['main', (name) => m11Tests(name, 50_000, 10)]],
  m12: [
    ['packages500', (name) => m12Schedule(name, 500)],
    ['packages5000', (name) => m12Schedule(name, 5_000)],
  ],
  m13: [
    ['main', (name) => m13Engines(name, { ...engines, builders: 200 })],
    ['builders10', (name) => m13Engines(name, { ...engines, builders: 10 })],
  ],
};

const usage = `npm run bench -- NAME...   where a name is ${Object.keys(measurements).join(', ')}

Prints JSON lines. BENCH_CASE=CASE measures that case alone, BENCH_SANDBOX=none joins workers
without a sandbox, BENCH_BUILDS=N sets how many builds the 20 s of m1 take,
BENCH_ROUNDS=N how often m13 measures each of its two farms.
`;

async function main(names: readonly string[]): Promise<number> {
  if (names.length === 0 || names.some((name) => measurements[name] === undefined)) {
    process.stderr.write(usage);
    return 2;
  }
  const only = process.env['BENCH_CASE'];
  for (const name of names) {
    for (const [label, run] of measurements[name] ?? []) {
      if (only !== undefined && only !== label) continue;
      process.stderr.write(`${name} ${label} ...\n`);
      await run(label);
    }
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
