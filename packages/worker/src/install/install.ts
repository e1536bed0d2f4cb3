import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultDataDir, readConfig } from '../join/config.ts';
import { JoinError } from '../join/find-farm.ts';
import { askAgent } from '../owner/control.ts';
import type { ServiceKeeper, ServicePlan, WorkerService } from './contract.ts';
import { launchdKeeper } from './launchd.ts';
import { systemdKeeper } from './systemd.ts';
import { windowsKeeper } from './windows.ts';

export const installUsage = `weir worker install | uninstall   [--data DIR] [--dry-run] [--json]

  install    have the system run this worker from now on, whenever the machine does
  uninstall  take that back; the worker and what it keeps stay
  --dry-run  print what would be written and run, and do nothing

For root it is a service of the system that runs as the data folder's owner, for anyone else a
service of that user. Builds that run when systemd stops the service have 80 seconds to end.
`;

/** What the commands below need of the machine. */
export interface Machine {
  readonly keeper: ServiceKeeper;
  /** Runs a command line; its exit status. */
  readonly run: (command: readonly string[]) => number;
  readonly say: (text: string) => void;
}

/** `install` and `uninstall`. Resolves with the exit status. @throws JoinError */
export async function runInstall(
  word: string,
  args: string[],
  machine: Machine = thisMachine(),
): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      'dry-run': { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const dataDir = resolve(values.data ?? defaultDataDir());
  const { keeper, say } = machine;
  const service = serviceOf(dataDir);
  const plan = keeper.plan(service);
  const isInstall = word === 'install';
  const commands = isInstall ? plan.start : plan.stop;
  const isDone = values['dry-run'] !== true && keeper.obstacle === null;
  if (isDone && isInstall) await install(plan, dataDir, machine);
  else if (isDone) uninstall(plan, machine);
  if (values.json === true) {
    const { path, text, hints } = plan;
    const { name, obstacle } = keeper;
    say(JSON.stringify({ keeper: name, isDone, obstacle, path, text, commands, hints }));
  } else if (!isDone) {
    say(planText(isInstall, keeper, plan));
  } else {
    say(isInstall ? installedText(service, keeper, plan) : uninstalledText(service));
  }
  return isDone || values['dry-run'] === true ? 0 : 1;
}

async function install(plan: ServicePlan, dataDir: string, { run }: Machine): Promise<void> {
  const isRunning = (await askAgent(dataDir, { act: 'status' })) !== undefined;
  // An agent that is a service already goes on.
  if (isRunning && !existsSync(plan.path)) {
    throw new JoinError(`a worker runs with ${dataDir}: end it first (Ctrl-C where it runs)`);
  }
  mkdirSync(dirname(plan.path), { recursive: true });
  writeFileSync(plan.path, plan.text);
  for (const command of plan.start) runOrThrow(command, run);
}

function uninstall(plan: ServicePlan, { run }: Machine): void {
  if (!existsSync(plan.path)) throw new JoinError(`it is not installed: there is no ${plan.path}`);
  for (const command of plan.stop) runOrThrow(command, run);
  rmSync(plan.path);
}

function runOrThrow(command: readonly string[], run: Machine['run']): void {
  const status = run(command);
  if (status !== 0) throw new JoinError(`'${command.join(' ')}' ended with ${status}`);
}

function installedText(
  { name, user }: WorkerService,
  keeper: ServiceKeeper,
  { path, hints }: ServicePlan,
): string {
  return [
    `${name} is kept running by ${keeper.name}: ${path}`,
    ...hints.map((hint) => `  ${hint}`),
    ...(user === 'root'
      ? ['It runs as root: better join as an ordinary user, and install again.']
      : []),
  ].join('\n');
}

function uninstalledText({ name, dataDir }: WorkerService): string {
  return `${name} is no service any more. What it keeps is in ${dataDir} still.`;
}

function planText(isInstall: boolean, keeper: ServiceKeeper, plan: ServicePlan): string {
  const lines = (commands: ServicePlan['start']) => commands.map((command) => command.join(' '));
  const steps = isInstall
    ? [`${plan.path}:`, '', plan.text, 'then:', ...lines(plan.start)]
    : [...lines(plan.stop), `rm ${plan.path}`];
  return [
    ...(keeper.obstacle === null ? [] : [`Not done: ${keeper.obstacle}.`, '']),
    ...steps,
  ].join('\n');
}

function serviceOf(dataDir: string): WorkerService {
  const { name, farm } = readConfig(dataDir);
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ownerOf(dataDir) : null;
  return { name, farm, dataDir, user, program: programOf(import.meta.url) };
}

function ownerOf(dataDir: string): string {
  const { uid } = statSync(dataDir);
  if (uid === 0) return 'root';
  const { status, stdout } = spawnSync('id', ['-nu', String(uid)], { encoding: 'utf8' });
  if (status !== 0) throw new JoinError(`${dataDir} belongs to user ${uid}, who has no name`);
  return stdout.trim();
}

/** How this program is started: in the one-file agent this module is that file. */
function programOf(url: string): string[] {
  const isBundled = !/\/install\/install\.[jt]s$/.test(url);
  const extension = url.endsWith('.ts') ? 'ts' : 'js';
  const main = isBundled ? url : new URL(`../main.${extension}`, url);
  return [process.execPath, fileURLToPath(main)];
}

function thisMachine(): Machine {
  return {
    keeper: keeperOf(process.platform),
    run: ([file = '', ...rest]) => spawnSync(file, rest, { stdio: 'inherit' }).status ?? 1,
    say: (text) => void process.stdout.write(`${text}\n`),
  };
}

function keeperOf(platform: NodeJS.Platform): ServiceKeeper {
  if (platform === 'win32') return windowsKeeper();
  return platform === 'darwin' ? launchdKeeper() : systemdKeeper();
}
