import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { WorkerConfig } from '../join/config.ts';
import { JoinError, askFarm } from '../join/find-farm.ts';
import { askAgent } from '../owner/control.ts';
import { NoSandboxError, detectSandbox } from '../sandbox/detect.ts';
import { detectContainers } from '../services/detect.ts';

/** One thing looked at. `fault` keeps the worker from serving; `note` may be as wished. */
export interface Finding {
  readonly about: string;
  readonly level: 'good' | 'note' | 'fault';
  readonly text: string;
}

const gib = 1024 ** 3;
const defaultMinFree = 2 * gib;
const probeMs = 10_000;
/** Further apart, ages and times of the two can't be compared. */
const clockMs = 5_000;

/** Tools that build steps often call, each with how it says its version. */
const tools = [
  ['cc', ['--version']],
  ['c++', ['--version']],
  ['make', ['--version']],
  ['cmake', ['--version']],
  ['pkg-config', ['--version']],
  ['python3', ['--version']],
] as const;

export function checkTools(): Finding[] {
  const git = versionOf('git', ['--version']);
  return [
    { about: 'node', level: 'good', text: process.version },
    git === undefined
      ? { about: 'git', level: 'fault', text: 'not found: install it' }
      : { about: 'git', level: 'good', text: git },
    ...tools.map(([tool, args]): Finding => {
      const version = versionOf(tool, args);
      return version === undefined
        ? { about: tool, level: 'note', text: 'not found: steps that call it fail here' }
        : { about: tool, level: 'good', text: version };
    }),
  ];
}

function versionOf(tool: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(tool, args, { encoding: 'utf8', timeout: probeMs });
  return status === 0 ? stdout.split('\n')[0]?.trim().slice(0, 200) : undefined;
}

export function checkDisk(dataDir: string, minFreeBytes = defaultMinFree): Finding {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  const text = `${(free / gib).toFixed(1)} GiB free under ${dataDir}`;
  if (free >= minFreeBytes) return { about: 'disk', level: 'good', text };
  const wanted = `no builds are taken below ${(minFreeBytes / gib).toFixed(1)}`;
  return { about: 'disk', level: 'fault', text: `${text}: ${wanted}` };
}

/** Runs the very command that steps will run in, and says which limits hold. */
export function checkSandbox(choice: WorkerConfig['sandbox']): Finding {
  const dir = mkdtempSync(join(tmpdir(), 'weir-doctor-'));
  try {
    const { kind, limits } = detectSandbox(choice, dir);
    const text = `${kind}: ${limits.join('; ')}`;
    return { about: 'sandbox', level: kind === 'none' ? 'note' : 'good', text };
  } catch (error) {
    if (!(error instanceof NoSandboxError)) throw error;
    return { about: 'sandbox', level: 'fault', text: error.message };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Whether builds with services can run: few machines have what they need. */
export async function checkContainers(allowed: boolean): Promise<Finding> {
  const { are, words } = await detectContainers(allowed);
  if (are) return { about: 'containers', level: 'good', text: words };
  return { about: 'containers', level: 'note', text: `no builds with services: ${words}` };
}

/** Whether the farm is there and the one that was joined, and how far apart the clocks are. */
export async function checkFarm(farm: string, farmKey: string | undefined): Promise<Finding[]> {
  try {
    const before = Date.now();
    const { wellKnown, date } = await askFarm(new URL('/.well-known/weir', farm));
    // The farm says whole seconds; it spoke between our question and its answer.
    const apart = Math.max(0, Math.abs((before + Date.now()) / 2 - date) - 1_000);
    const isOther = farmKey !== undefined && wellKnown.fingerprint !== farmKey;
    return [
      isOther
        ? { about: 'farm', level: 'fault', text: `${farm} is another farm than the one joined` }
        : { about: 'farm', level: 'good', text: `${wellKnown.farm} at ${farm}` },
      {
        about: 'clock',
        level: apart > clockMs ? 'fault' : 'good',
        text: `${(apart / 1_000).toFixed(0)} s from the farm's`,
      },
    ];
  } catch (error) {
    if (!(error instanceof JoinError)) throw error;
    return [{ about: 'farm', level: 'fault', text: error.message }];
  }
}

export async function checkLink(dataDir: string): Promise<Finding> {
  const status = await askAgent(dataDir, { act: 'status' });
  if (status === undefined) return { about: 'link', level: 'note', text: 'the agent does not run' };
  return { about: 'link', level: status.isConnected ? 'good' : 'fault', text: status.words };
}
