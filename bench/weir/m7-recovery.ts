import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLogFiles } from '../../packages/master/src/builds/logs/log-files.ts';
import { percentile, Report, round, until, waitQuiet } from '../measures.ts';
import { BenchFarm } from './bench-farm.ts';

const lines = 50;
const killedAfterS = 2;
/** Lines printed by then, at one each 100 ms. */
const printedLines = 10 * killedAfterS;

interface Recovery {
  readonly restartS: number;
  readonly killS: number;
  readonly result: string;
  readonly attempt: number;
  /** The command's own count of how often it began, by its log. */
  readonly begun: number;
  readonly linesKept: number;
  readonly linesOfAll: number;
}

/** M7: kill -9 the master in mid-build, start it again at once, see the build through. */
export async function m7Recovery(name: string, runs: number): Promise<void> {
  const shared = { runs, down_s: 0, killed_after_s: killedAfterS };
  const report = new Report('weir', name, shared);
  const all: Recovery[] = [];
  for (let run = 0; run < runs; run++) all.push(await recover());

  const emit = (metric: string, of: (recovery: Recovery) => number): void => {
    const values = all.map(of);
    const bounds = { min: round(Math.min(...values), 2), max: round(Math.max(...values), 2) };
    report.emit(metric, percentile(values, 50), 's', bounds);
  };
  emit('m7.restart_to_running_s', ({ restartS }) => restartS);
  emit('m7.kill_to_running_s', ({ killS }) => killS);
  const recovered = all.filter(({ result }) => result === 'success').length;
  const resumed = all.every(({ attempt, begun }) => attempt === 1 && begun === 1);
  const outcome = resumed ? 'the build ran on, and began once' : 'see runs';
  report.emit('m7.recovered', recovered, `of ${runs}`, { outcome, runs_detail: all });
  const kept = percentile(
    all.map(({ linesKept }) => linesKept),
    50,
  );
  report.emit('m7.lines_kept_of_first_attempt', kept, 'lines', {
    printed_before_the_kill: printedLines,
    of_all_lines: all.map(({ linesOfAll }) => linesOfAll),
    printed: lines,
  });
}

async function recover(): Promise<Recovery> {
  const script = `echo begun; i=0
while [ $i -lt ${lines} ]; do i=$((i+1)); echo line $i; sleep 0.1; done`;
  await using farm = await BenchFarm.create({ steps: { p0: script, p1: 'true' } });
  await farm.startMaster();
  await farm.cancelFirstRequests();
  await farm.joinWorkers(['w0'], 1);
  await farm.warmUp(['p1'], ['w0']);
  await waitQuiet(farm.pid);
  using logs = readLogFiles(join(farm.dataDir, 'logs'));

  const known = farm.store.newestLog().id;
  await farm.force('p0');
  const log = await until('the log', () => {
    const newest = farm.store.newestLog();
    return newest.id > known ? newest : undefined;
  });
  const printed = async (): Promise<string[]> =>
    (await logs.lines(log, 0, 2 * lines)).map(({ bytes }) => Buffer.from(bytes).toString());
  await until('a line', async () => (await printed()).length > 0 || undefined, { everyMs: 5 });
  await sleep(killedAfterS * 1_000);

  const killedAt = performance.now();
  await farm.killMaster();
  const before = (await printed()).length;
  const startedAt = performance.now();
  farm.spawnMaster();
  await until('another line', async () => (await printed()).length > before || undefined, {
    everyMs: 5,
  });
  const runningAt = performance.now();
  await until('the API', () => farm.isUp());
  const finished = `select count(*) from build where state = 'finished' and id = (select build_id from log where id = ?)`;
  await until('the end', () => farm.store.count(finished, log.id) > 0 || undefined);

  const [row] = farm.store.rows(
    `select b.result, b.attempt from build b
       join log l on l.build_id = b.id where l.id = ?`,
    log.id,
  );
  const all = await printed();
  const numbers = new Set(all.filter((line) => /^line \d+$/.test(line)).map(lineNumber));
  return {
    restartS: (runningAt - startedAt) / 1_000,
    killS: (runningAt - killedAt) / 1_000,
    result: String(row?.['result']),
    attempt: Number(row?.['attempt']),
    begun: all.filter((line) => line === 'begun').length,
    linesKept: [...numbers].filter((number) => number <= printedLines).length,
    linesOfAll: numbers.size,
  };
}

function lineNumber(line: string): number {
  return Number(line.slice('line '.length));
}
