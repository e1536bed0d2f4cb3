import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
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
  /** Ours is measured with its sandbox, too: Buildbot has none. */
  readonly isSandboxed?: true;
}

const pairs: readonly Pair[] = [
  { name: 'm1', only: 'main', scripts: [['m1_throughput', '--builds', '200']] },
  {
    name: 'm1',
    only: 'drain20s',
    scripts: [['m1_throughput', '--builds', '190']],
    isSandboxed: true,
  },
  {
    name: 'm2',
    only: 'main',
    scripts: [['m2_dispatch', '--via', 'force', '--runs', '30']],
    isSandboxed: true,
  },
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
  const fileOf = (name: string): string => join(out, `${name}.jsonl`);
  const [buildbot, weir] = [fileOf('buildbot'), fileOf('weir')];
  const [sandboxed, limit] = [fileOf('sandboxed'), fileOf('limit')];
  const chosen = pairs.filter(({ name }) => names.length === 0 || names.includes(name));
  for (let round = 1; round <= rounds; round++) {
    for (const pair of chosen) {
      process.stderr.write(`round ${round} of ${rounds}: ${pair.name} ${pair.only}\n`);
      const [theirs, ours] = await measure(pair);
      await appendFile(buildbot, theirs);
      await appendFile(weir, ours);
      if (pair.isSandboxed) await appendFile(sandboxed, await runOurs(pair.name, pair.only, true));
    }
    await appendFile(limit, await runOurs('limit'));
  }
  const summary = join(here, 'summary.py');
  process.stdout.write(await run(python, [summary, '--vs', buildbot, weir], {}));
  for (const [title, file] of [
    ['Weir with its steps in bubblewrap', sandboxed],
    ['At most, by the bare loop', limit],
  ] as const) {
    if (existsSync(file)) {
      process.stdout.write(`\n${title}:\n${await run(python, [summary, file], {})}`);
    }
  }
}

async function measure({ name, only, scripts }: Pair): Promise<[theirs: string, ours: string]> {
  const environment = { BENCH_CASE: only };
  for (let tries = 1; ; tries++) {
    let theirs = '';
    for (const [script = '', ...args] of scripts) {
      const path = join(here, 'buildbot', `${script}.py`);
      theirs += await run(python, ['-B', path, '--limit', '400', ...args], environment);
    }
    const mine = await runOurs(name, only);
    const drift = Math.abs(speedOf(theirs) / speedOf(mine) - 1);
    if (drift <= maxDrift || tries === maxTries) return [theirs, mine];
    process.stderr.write(`the machine's speed changed by ${Math.round(drift * 100)} %: again\n`);
  }
}

/** @param only the case; without it all of them are measured */
function runOurs(name: string, only?: string, isSandboxed = false): Promise<string> {
  const environment = {
    BENCH_SANDBOX: isSandboxed ? 'bubblewrap' : 'none',
    ...(isSandboxed && { BENCH_BUILDS: '2000' }),
    ...(only !== undefined && { BENCH_CASE: only }),
  };
  return run(process.execPath, [join(here, 'main.ts'), name], environment);
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
