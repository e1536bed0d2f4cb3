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
import { formatTable } from '../../packages/cli/src/table.ts';
import { programVariable } from '../support/weir-program.ts';

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
export function checkPlant({ path }: Plant): void {
  execFileSync('git', ['apply', '--check', path], { cwd: root, stdio: 'pipe' });
}

/** Runs what is to catch plants in a copy of the tree, with one of them planted there or none. */
async function tryOut(command: string, plant: Plant | null, signal: AbortSignal): Promise<Ran> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-plant-'));
  try {
    copyTree(dir);
    if (plant !== null) execFileSync('git', ['apply', plant.path], { cwd: dir, stdio: 'pipe' });
    return await run(command, dir, signal);
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
    // What is planted is in the sources.
    env: { ...process.env, FORCE_COLOR: '0', [programVariable]: '' },
  });
  // It has processes of its own to end.
  const end = (): boolean => child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  signal.removeEventListener('abort', end);
  // What was lost there was to be lost.
  const kept = /^Everything is in (.+)$/m.exec(output)?.[1];
  if (kept !== undefined) rmSync(kept, { recursive: true, force: true });
  const complaint = /^ +1\) (.+)$/m.exec(output)?.[1] ?? /^NOT TRUE: (.+)$/m.exec(output)?.[1];
  return { status: child.exitCode, output, complaint };
}

const usage = `npm run plants [-- NAME...]

Plants what breaks an invariant, one patch after another, each in a copy of the tree, and runs what
must notice it. Ends with status 1 when one is not noticed.
`;

async function main(names: readonly string[]): Promise<number> {
  const all = readPlants();
  if (names.some((name) => !all.some((plant) => plant.name === name))) {
    process.stderr.write(`${usage}\nThe names: ${all.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  const plants = all.filter(({ name }) => names.length === 0 || names.includes(name));
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort());
  }
  /** By command, what it says of the tree as it is. */
  const sound = new Map<string, boolean>();
  const rows: string[][] = [];
  let missed = 0;
  for (const plant of plants) {
    const { name, invariant, caughtBy } = plant;
    process.stderr.write(`${name} ...\n`);
    if (!sound.has(caughtBy)) {
      const { status } = await tryOut(caughtBy, null, interrupt.signal);
      sound.set(caughtBy, status === 0);
    }
    const ran =
      sound.get(caughtBy) === true ? await tryOut(caughtBy, plant, interrupt.signal) : null;
    if (interrupt.signal.aborted) return 1;
    if (ran?.complaint === undefined) missed += 1;
    const said = ran === null ? 'FAILS WITHOUT IT AS WELL' : (ran.complaint ?? 'NOT CAUGHT');
    rows.push([String(invariant), name, caughtBy, said]);
  }
  const head = ['invariant', 'plant', 'tried by', 'what it said'];
  process.stdout.write(formatTable(head, rows));
  process.stdout.write(`\n${plants.length - missed} of ${plants.length} plants were caught.\n`);
  return missed === 0 ? 0 : 1;
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
