import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** One measurement of both systems: the case, Buildbot's script with its arguments, and our name for it. */
interface Pair {
  readonly name: string;
  readonly only: string;
  readonly scripts: readonly (readonly string[])[];
}

const pairs: readonly Pair[] = [
  { name: 'm1', only: 'main', scripts: [['m1_throughput', '--builds', '200']] },
  { name: 'm1', only: 'drain20s', scripts: [['m1_throughput', '--builds', '150']] },
  { name: 'm2', only: 'main', scripts: [['m2_dispatch', '--via', 'force', '--runs', '30']] },
  {
    name: 'm3',
    only: 'w100',
    scripts: [['m3_idle', '--workers', '100', '--idle-s', '15']],
  },
  {
    name: 'm3',
    only: 'w1000',
    scripts: [['m3_idle', '--workers', '1000', '--idle-s', '15']],
  },
  { name: 'm4', only: 'main', scripts: [['m4_log', '--mb', '200'], ['m4_tail']] },
  { name: 'm4', only: 'varied', scripts: [['m4_log', '--mb', '50', '--text', 'varied']] },
  { name: 'm5', only: 'main', scripts: [['m5_history']] },
  { name: 'm6', only: 'main', scripts: [['m6_start', '--mode', 'nodaemon']] },
  { name: 'm7', only: 'main', scripts: [['m7_recovery']] },
];

const here = fileURLToPath(new URL('.', import.meta.url));
const python = process.env['BENCH_PYTHON'] ?? '/usr/bin/python3';
/** A pair is measured again when the machine's speed differs by more than this between its halves. */
const maxDrift = 0.2;
const maxTries = 3;

const lineSchema = z.looseObject({ params: z.looseObject({ calib_ms: z.number().nullable() }) });

/** Alternates the systems metric by metric, some rounds, then prints the table of ratios. */
async function compare(rounds: number, out: string, names: readonly string[]): Promise<void> {
  await mkdir(out, { recursive: true });
  const [buildbot, weir] = [join(out, 'buildbot.jsonl'), join(out, 'weir.jsonl')];
  const chosen = pairs.filter(({ name }) => names.length === 0 || names.includes(name));
  for (let round = 1; round <= rounds; round++) {
    for (const pair of chosen) {
      process.stderr.write(`round ${round} of ${rounds}: ${pair.name} ${pair.only}\n`);
      const [theirs, ours] = await measure(pair);
      await appendFile(buildbot, theirs);
      await appendFile(weir, ours);
    }
    await appendFile(join(out, 'limit.jsonl'), await run(process.execPath, ours('limit'), {}));
  }
  const summary = join(here, 'summary.py');
  process.stdout.write(await run(python, [summary, '--vs', buildbot, weir], {}));
  process.stdout.write(`\nAt most, by the bare loop:\n`);
  process.stdout.write(await run(python, [summary, join(out, 'limit.jsonl')], {}));
}

async function measure({ name, only, scripts }: Pair): Promise<[theirs: string, ours: string]> {
  // Buildbot has none.
  const environment = { BENCH_CASE: only, BENCH_SANDBOX: 'none', BENCH_BUILDS: '3000' };
  for (let tries = 1; ; tries++) {
    let theirs = '';
    for (const [script = '', ...args] of scripts) {
      const path = join(here, 'buildbot', `${script}.py`);
      theirs += await run(python, ['-B', path, '--limit', '400', ...args], environment);
    }
    const mine = await run(process.execPath, ours(name), environment);
    const drift = Math.abs(speedOf(theirs) / speedOf(mine) - 1);
    if (drift <= maxDrift || tries === maxTries) return [theirs, mine];
    process.stderr.write(`the machine's speed changed by ${Math.round(drift * 100)} %: again\n`);
  }
}

function ours(name: string): string[] {
  return [join(here, 'main.ts'), name];
}

function speedOf(lines: string): number {
  const [first = ''] = lines.split('\n');
  return lineSchema.parse(JSON.parse(first)).params.calib_ms ?? Number.NaN;
}

async function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(status)}`);
  return output;
}

const [rounds = '3', out = 'build/bench', ...names] = process.argv.slice(2);
await compare(Number(rounds), out, names);
