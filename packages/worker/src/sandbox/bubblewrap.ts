import { join } from 'node:path';
import type { StepSpec } from '@weir/protocol';
import type { StepCommand } from '../process/contract.ts';
import type { Sandbox, StepPlace } from './contract.ts';
import { stepEnvironment } from './environment.ts';
import { ensureEtc, etcBinds, sandboxUser } from './etc.ts';
import { networkBinds, systemBinds } from './system-binds.ts';

/** The same on every machine, so that a runtime that holds its own path can be moved. */
const inner = { src: '/weir/src', tmp: '/tmp', home: '/weir/home', runtime: '/weir/runtime' };

function innerObjects(index: number): string {
  return `/weir/objects/${index}`;
}

const shmBytes = 256 * 1024 * 1024;
const runBytes = 16 * 1024 * 1024;

const status = words('--json-status-fd 3');
const namespaces = words(
  '--unshare-user --disable-userns --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try',
  '--die-with-parent --new-session --cap-drop ALL --hostname sandbox',
  `--uid ${sandboxUser} --gid ${sandboxUser}`,
);
const kernelMounts = words(
  '--proc /proc --dev /dev',
  `--size ${shmBytes} --tmpfs /dev/shm --remount-ro /dev`,
  `--size ${runBytes} --tmpfs /run`,
);
/** Comes after all mounts: the root is a tmpfs that would take what no limit counts. */
const closing = words(`--remount-ro / --chdir ${inner.src} --clearenv`);

/** @param etcDir Folder for the sandbox's own few files of /etc. */
export function bubblewrap(etcDir: string, processLimits: readonly string[]): Sandbox {
  ensureEtc(etcDir);
  const system = [...status, ...namespaces, ...systemBinds()];
  return {
    kind: 'bubblewrap',
    limits: ['system calls not filtered', ...processLimits],
    objectsPath: (_, index) => innerObjects(index),
    runtimePath: () => inner.runtime,
    command: (step, place, env) => command(step, place, env, etcDir, system),
  };
}

function command(
  step: StepSpec,
  place: StepPlace,
  env: Readonly<Record<string, string>>,
  etcDir: string,
  system: readonly string[],
): StepCommand {
  const environment = Object.entries(stepEnvironment(inner, env));
  return {
    file: 'bwrap',
    args: [
      ...system,
      ...etcBinds(etcDir, step.network),
      ...(step.network ? networkBinds() : ['--unshare-net']),
      ...kernelMounts,
      ...placeBinds(place),
      ...closing,
      ...environment.flatMap(([name, value]) => ['--setenv', name, value]),
      '--',
      '/bin/sh',
      '-e',
      '-c',
      step.run,
    ],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    isContained: true,
  };
}

function placeBinds(place: StepPlace): string[] {
  const binds: [kind: '--bind' | '--ro-bind', outside: string, inside: string][] = [
    ['--bind', place.src, inner.src],
    ['--bind', place.tmp, inner.tmp],
    ['--bind', place.home, inner.home],
    [place.isRuntimeWritable ? '--bind' : '--ro-bind', place.runtime, inner.runtime],
  ];
  for (const [index, mirror] of place.mirrors.entries()) {
    binds.push(['--ro-bind', join(mirror, 'objects'), innerObjects(index)]);
  }
  return binds.flat();
}

/** Arguments without spaces in them. */
function words(...lines: string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}
