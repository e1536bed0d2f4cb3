import process from 'node:process';
import { parseArgs } from 'node:util';
import { InterruptedError, runChaos } from './chaos.ts';
import type { ChaosOptions } from './chaos.ts';
import { faultKinds } from './plan.ts';
import type { FaultKind } from './plan.ts';
import type { Progress } from './progress.ts';
import { progressLine, reportOf } from './report.ts';

const usage = `npm run chaos -- [OPTIONS]

Runs a farm of real processes under load, kills, freezes, cuts, garbles and fills what it is made of,
and has judges outside of it say whether anything was lost. Ends with status 1 if so.

  --minutes M    under load, and under faults (default 2); then the farm comes to rest
  --seed N       fixes the plan of faults (default: one that is told)
  --workers N    (default 20)
  --engines N    (default 1) more share PostgreSQL and Redis, with as many web servers
  --only KINDS   these faults alone, with commas between
  --keep         keep the run's folder though nothing was lost
  --json         print what came of it as JSON

The kinds: ${faultKinds.join(', ')}.
`;

/** A terminal is told every second, a file less often. */
const lineEveryMs = 15_000;

async function main(args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (options === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const { isJson, ...chaosOptions } = options;
  process.stderr.write(`chaos with seed ${options.seed}\n`);
  const chaos = await runChaos({
    ...chaosOptions,
    progress: teller(options.minutes * 60_000),
    signal: interruptSignal(),
  });
  process.stderr.write(process.stderr.isTTY ? '\r\u001B[K' : '');
  process.stdout.write(isJson ? `${JSON.stringify(chaos)}\n` : reportOf(chaos));
  return chaos.losses.length === 0 ? 0 : 1;
}

/** Whatever goes wrong, the processes of the run must not outlive it. */
function interruptSignal(): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupt.abort(new InterruptedError(`ended by ${signal}: there is no verdict`));
    });
  }
  process.on('uncaughtException', (error) => interrupt.abort(error));
  return interrupt.signal;
}

function teller(lengthMs: number): (progress: Progress) => void {
  let toldAt = -lineEveryMs;
  return (progress) => {
    const line = progressLine(progress, lengthMs);
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
    else if (performance.now() - toldAt >= lineEveryMs) {
      toldAt = performance.now();
      process.stderr.write(`${line}\n`);
    }
  };
}

function parse(
  args: readonly string[],
): (Omit<ChaosOptions, 'progress' | 'signal'> & { isJson: boolean }) | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      workers: { type: 'string', default: '20' },
      engines: { type: 'string', default: '1' },
      only: { type: 'string', default: faultKinds.join() },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [minutes, seed, workers, engines] = [
    values.minutes,
    values.seed,
    values.workers,
    values.engines,
  ].map(Number);
  const kinds = values.only.split(',').map((kind) => kind.trim());
  const isSound =
    Number(minutes) > 0 &&
    Number.isInteger(seed) &&
    [workers, engines].every((count) => Number.isInteger(count) && Number(count) > 0);
  if (!isSound || !kinds.every(isFaultKind)) return undefined;
  return {
    minutes: Number(minutes),
    seed: Number(seed),
    workers: Number(workers),
    engines: Number(engines),
    kinds: kinds.filter(isFaultKind),
    keep: values.keep,
    isJson: values.json,
  };
}

function isFaultKind(word: string): word is FaultKind {
  return faultKinds.some((kind) => kind === word);
}

try {
  // A run that was interrupted leaves promises behind that nothing will keep.
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof InterruptedError ? error.message : error);
  process.exit(1);
}
