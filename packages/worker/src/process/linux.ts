import { findCgroupParents } from './cgroup-parents.ts';
import { Cgroup, sweepGroups } from './cgroup.ts';
import type { CgroupParent, Controller } from './cgroup.ts';
import type {
  LimitHits,
  ProcessPlatform,
  SpawnOptions,
  StandByOptions,
  StepCommand,
  StepProcess,
} from './contract.ts';
import { killStrays } from './proc-scan.ts';
import { StepShell } from './step-shell.ts';

/** Where a step will run: a shell in control groups of its own. */
interface Prepared {
  readonly group: Cgroup;
  readonly shell: StepShell;
}

export function linuxPlatform(): ProcessPlatform {
  return new LinuxPlatform();
}

class LinuxPlatform implements ProcessPlatform {
  readonly #parents = findCgroupParents();
  readonly limits = describeLimits(this.#parents);
  #groups = 0;
  #standing: Promise<Prepared | null> = Promise.resolve(null);
  #isStanding = false;

  standBy(options: StandByOptions): void {
    if (this.#isStanding) return;
    this.#isStanding = true;
    // Why not is said when the step comes.
    this.#standing = this.#prepare(options).catch(() => null);
  }

  async spawnStep(command: StepCommand, options: SpawnOptions): Promise<StepProcess> {
    const { group, shell } = (await this.#takeStanding()) ?? (await this.#prepare(options));
    try {
      group.limit(options.limits);
    } catch (error) {
      await discard({ group, shell });
      throw error;
    }
    const exited = shell.run(command, options.limits);
    return {
      output: shell.output,
      exited,
      limitHits: (): LimitHits => group.hits(),
      killTree: async () => {
        killGroupOf(shell.pid);
        await group.kill();
        // Without a process namespace or a control group it may have left its session.
        if (!command.isContained && this.#parents.length === 0) {
          await killStrays(options.mark, shell.pid);
        }
      },
      release: () => group.remove(),
    };
  }

  async sweep(mark: string): Promise<void> {
    await killStrays(mark);
    await sweepGroups(this.#parents, `weir-${mark}-`);
  }

  async close(): Promise<void> {
    const standing = await this.#takeStanding();
    if (standing !== null) await discard(standing);
  }

  /** Null when there is none, or something has ended it. */
  async #takeStanding(): Promise<Prepared | null> {
    const prepared = await this.#standing;
    this.#standing = Promise.resolve(null);
    this.#isStanding = false;
    if (prepared === null || prepared.shell.isThere) return prepared;
    await discard(prepared);
    return null;
  }

  async #prepare(options: StandByOptions): Promise<Prepared> {
    this.#groups += 1;
    const name = `weir-${options.mark}-${process.pid}-${this.#groups}`;
    const group = new Cgroup(this.#parents, name);
    try {
      return { group, shell: await StepShell.start(options, group.joins) };
    } catch (error) {
      await group.remove();
      throw error;
    }
  }
}

async function discard({ group, shell }: Prepared): Promise<void> {
  killGroupOf(shell.pid);
  shell.output.destroy();
  await group.kill();
  await group.remove();
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
