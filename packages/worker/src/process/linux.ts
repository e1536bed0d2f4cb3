import { findCgroupParents } from './cgroup-parents.ts';
import { Cgroup, sweepGroups } from './cgroup.ts';
import type { CgroupParent, Controller } from './cgroup.ts';
import type {
  LimitHits,
  ProcessPlatform,
  SpawnOptions,
  StepCommand,
  StepProcess,
} from './contract.ts';
import { spawnPosix } from './posix-spawn.ts';
import { killStrays } from './proc-scan.ts';

export function linuxPlatform(): ProcessPlatform {
  const parents = findCgroupParents();
  let groups = 0;
  return {
    limits: describeLimits(parents),
    spawnStep: (command, options) => {
      groups += 1;
      return spawnStep(command, options, parents, `weir-${options.mark}-${process.pid}-${groups}`);
    },
    async sweep(mark) {
      await killStrays(mark);
      await sweepGroups(parents, `weir-${mark}-`);
    },
  };
}

async function spawnStep(
  command: StepCommand,
  options: SpawnOptions,
  parents: readonly CgroupParent[],
  name: string,
): Promise<StepProcess> {
  const group = new Cgroup(parents, name, options.limits);
  try {
    const { pid, output, exited } = await spawnPosix(command, options, group.joins);
    return {
      output,
      exited,
      limitHits: (): LimitHits => group.hits(),
      async killTree() {
        killGroupOf(pid);
        await group.kill();
        // What runs outside of a process namespace may have left its session and its group.
        if (!command.isContained) await killStrays(options.mark, pid);
      },
      release: () => group.remove(),
    };
  } catch (error) {
    await group.remove();
    throw error;
  }
}

function killGroupOf(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function describeLimits(parents: readonly CgroupParent[]): string[] {
  const by = (controller: Controller): string | null => {
    const parent = parents.find(({ controllers }) => controllers.includes(controller));
    return parent === undefined ? null : `by cgroup v${parent.version}`;
  };
  const isRoot = process.getuid?.() === 0;
  return [
    `memory ${by('memory') ?? 'not limited'}`,
    `processes ${by('pids') ?? (isRoot ? 'not limited' : 'by rlimit, counted per user')}`,
    'file size and open files by rlimit',
    'disk by measuring the workspace',
  ];
}
