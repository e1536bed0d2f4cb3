import process from 'node:process';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import type { ChaosReport } from './chaos.ts';
import type { FaultKind } from './plan.ts';
import { faultKinds } from './plan.ts';

const usage = `npm run chaos -- [--minutes M] [--seed N] [--workers W] [--only KIND]... [--json]

Runs a farm of real processes under load, does it harm, and judges from outside whether it lost anything.

  --minutes M   how long faults come (default 2); then the farm comes to rest
  --seed N      which faults come, and when (default 1)
  --workers W   workers, every second one with two slots (default 20)
  --only KIND   faults of this kind alone; repeatable: ${faultKinds.join(', ')}
  --json        the report as JSON

Disks are filled by root alone; clocks jump where libfaketime is. The exit status is 1 when anything was lost.
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '20' },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
} else {
  const kinds = values.only?.filter((kind): kind is FaultKind =>
    faultKinds.some((known) => known === kind),
  );
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
  }
  const report = await runChaos({
    signal: interrupted.signal,
    seed: Number(values.seed),
    lengthMs: Number(values.minutes) * 60_000,
    workers: Number(values.workers),
    ...(kinds && { kinds }),
    progress: progressOn(process.stderr),
  });
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
  process.exitCode = report.losses.length > 0 ? 1 : 0;
}

/** One line that changes on a terminal; elsewhere a line now and then. */
function progressOn(stream: NodeJS.WriteStream): (text: string) => void {
  let saidAt = -Infinity;
  return (text) => {
    if (stream.isTTY) {
      stream.write(`\r\u001B[K${text.slice(0, stream.columns - 1)}`);
    } else if (performance.now() - saidAt > 10_000) {
      saidAt = performance.now();
      stream.write(`${text}\n`);
    }
  };
}

function describe({ seed, faults, counts, losses, dir }: ChaosReport): string {
  const table = (title: string, rows: Readonly<Record<string, number>>): string => {
    const lines = Object.entries(rows).map(
      ([name, count]) => `  ${String(count).padStart(10)}  ${name}`,
    );
    return `\n${title}\n${lines.join('\n')}\n`;
  };
  const total = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const verdict =
    losses.length === 0
      ? `\nSeed ${seed}: ${total} faults, nothing was lost.\n`
      : `\nSeed ${seed}: ${total} faults, ${losses.length} LOSSES\n${losses.map((loss) => `  ${loss}\n`).join('')}\nLogs, stores and ledgers are in ${dir}: master.log first.\n`;
  return `${table('Faults', faults)}${table('What the farm did', counts)}${verdict}`;
}
