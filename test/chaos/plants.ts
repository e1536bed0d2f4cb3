import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A patch that breaks one invariant of the design, and what must notice it. */
export interface Plant {
  readonly name: string;
  readonly path: string;
  readonly invariant: number;
  /** What is not true any more. */
  readonly breaks: string;
  /** `mocha FILE` or `chaos OPTIONS`. */
  readonly caughtBy: string;
}

export type PlantOutcome =
  /** It was noticed; `by` is the first that complained. */
  | { readonly t: 'caught'; readonly by: string }
  | { readonly t: 'missed' }
  /** What was to catch it fails without it as well, or can't be run. */
  | { readonly t: 'broken'; readonly why: string };

/** The plants of this folder, by invariant; each patch says on top what it is. */
export function readPlants(): Plant[] {
  return globSync(join(root, 'test/chaos/plants/*.patch'))
    .map((path) => {
      const patch = readFileSync(path, 'utf8');
      const field = (name: string): string => {
        const value = new RegExp(`^${name}: (.+)$`, 'm').exec(patch)?.[1];
        if (value === undefined) throw new Error(`${path} does not say '${name}: ...'`);
        return value;
      };
      return {
        name: basename(path, '.patch'),
        path,
        invariant: Number(field('invariant')),
        breaks: field('breaks'),
        caughtBy: field('caught-by'),
      };
    })
    .toSorted((a, b) => a.invariant - b.invariant || a.name.localeCompare(b.name));
}

/** @throws Error with git's words when the patch does not fit the tree */
export function checkPlant({ path }: Plant, dir = root): void {
  execFileSync('git', ['apply', '--check', path], { cwd: dir, stdio: 'pipe' });
}

/** Plants it in a copy of the tree, and runs what is to catch it there: first without it, then with it. */
export async function tryPlant(plant: Plant, signal: AbortSignal): Promise<PlantOutcome> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-plant-'));
  try {
    copyTree(dir);
    const without = await run(plant.caughtBy, dir, signal);
    if (without.complaint !== undefined || without.status !== 0) {
      return { t: 'broken', why: without.complaint ?? without.output.slice(-500) };
    }
    execFileSync('git', ['apply', plant.path], { cwd: dir, stdio: 'pipe' });
    const { complaint, status, output } = await run(plant.caughtBy, dir, signal);
    if (complaint !== undefined) return { t: 'caught', by: complaint };
    return status === 0 ? { t: 'missed' } : { t: 'broken', why: output.slice(-500) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** All files of this tree as they are now, but those that git ignores, and its dependencies. */
function copyTree(dir: string): void {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' });
  for (const file of files.split('\0').filter((name) => name !== '')) {
    const from = join(root, file);
    if (existsSync(from)) cpSync(from, join(dir, file), { recursive: true });
  }
  const [from, to] = [join(root, 'node_modules'), join(dir, 'node_modules')];
  mkdirSync(join(to, '@weir'), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== '@weir') symlinkSync(join(from, name), join(to, name));
  }
  for (const name of readdirSync(join(dir, 'packages'))) {
    symlinkSync(join(dir, 'packages', name), join(to, '@weir', name));
  }
}

interface Ran {
  readonly status: number | null;
  readonly output: string;
  /** The first test that failed, or promise that was broken. */
  readonly complaint: string | undefined;
}

async function run(command: string, cwd: string, signal: AbortSignal): Promise<Ran> {
  const [program, ...args] = (command.match(/"[^"]*"|\S+/g) ?? []).map((word) =>
    word.replaceAll('"', ''),
  );
  const script = program === 'chaos' ? ['test/chaos/main.ts'] : ['node_modules/mocha/bin/mocha.js'];
  const options = program === 'chaos' ? [] : ['--no-config', '--timeout', '60000', '--exit'];
  const child = spawn(process.execPath, [...script, ...args, ...options], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  // It has processes of its own to end.
  const end = (): boolean => child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  signal.removeEventListener('abort', end);
  // What was lost there was to be lost.
  const kept = /^Everything is in (.+)$/m.exec(output)?.[1];
  if (kept !== undefined) rmSync(kept, { recursive: true, force: true });
  const complaint = /^ +1\) (.+)$/m.exec(output)?.[1] ?? /^NOT TRUE: (.+\n.+)$/m.exec(output)?.[1];
  return { status: child.exitCode, output, complaint };
}

async function main(names: readonly string[]): Promise<number> {
  const plants = readPlants().filter(({ name }) => names.length === 0 || names.includes(name));
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort());
  }
  let missed = 0;
  for (const plant of plants) {
    process.stdout.write(`${plant.invariant}  ${plant.name}: ${plant.breaks}\n`);
    const outcome = await tryPlant(plant, interrupt.signal);
    if (interrupt.signal.aborted) return 1;
    if (outcome.t !== 'caught') missed += 1;
    process.stdout.write(`   ${wordsOf(outcome)}, by ${plant.caughtBy}\n`);
  }
  process.stdout.write(`${plants.length - missed} of ${plants.length} plants were caught\n`);
  return missed === 0 ? 0 : 1;
}

function wordsOf(outcome: PlantOutcome): string {
  switch (outcome.t) {
    case 'caught':
      return `caught: ${outcome.by.replace(/\s*\n\s*/, ': ')}`;
    case 'missed':
      return 'NOT CAUGHT';
    case 'broken':
      return `no answer: ${outcome.why}`;
  }
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
