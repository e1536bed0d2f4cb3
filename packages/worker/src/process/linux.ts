import { closeSync } from 'node:fs';
import { findCgroupParents } from './cgroup-parents.ts';
import { Cgroup, sweepGroups } from './cgroup.ts';
import type { CgroupParent, Controller } from './cgroup.ts';
import type { ProcessPlatform, SpawnOptions, StepCommand, StepProcess } from './contract.ts';
import { killNow } from './kill-now.ts';
import { openOutputPipe } from './output-pipe.ts';
import { killStrays } from './proc-scan.ts';
import { SlotShell } from './slot-shell.ts';

/** Where a slot's steps run: a shell in control groups of its own. */
interface Place {
  readonly group: Cgroup;
  readonly shell: SlotShell;
}

export function linuxPlatform(): ProcessPlatform {
  return new LinuxPlatform();
}

class LinuxPlatform implements ProcessPlatform {
  readonly #parents = findCgroupParents();
  readonly limits = describeLimits(this.#parents);
  #groups = 0;
  #place: Promise<Place> | null = null;

  standBy(mark: string): void {
    this.#place ??= this.#prepare(mark);
    // Why not is said when the step comes.
    this.#place.catch(() => {});
  }

  async spawnStep(command: StepCommand, options: SpawnOptions): Promise<StepProcess> {
    const { group, shell } = await this.#limitedPlace(options);
    const { writeFd, output } = openOutputPipe(options.output);
    try {
      const { pid, exited } = await shell.begin(command, options.limits, options.output);
      return {
        output,
        exited,
        limitHits: () => group.hits(),
        killTree: async () => {
          killNow(pid);
          killNow(-pid);
          await group.kill(shell.pid);
          // Without a process namespace or a control group it may have left its session.
          if (!command.isContained && this.#parents.length === 0) {
            await killStrays(options.mark, pid, shell.pid);
          }
        },
      };
    } catch (error) {
      output.destroy();
      throw error;
    } finally {
      closeSync(writeFd);
    }
  }

  async sweep(mark: string): Promise<void> {
    await killStrays(mark);
    await sweepGroups(this.#parents, `weir-${mark}-`);
  }

  async close(): Promise<void> {
    const place = await this.#place?.catch(() => null);
    this.#place = null;
    if (place) await discard(place);
  }

  /** A new one where there is none, something has ended it, or more is in its memory than may be. */
  async #limitedPlace({ mark, limits }: SpawnOptions): Promise<Place> {
    const standing = await this.#place?.catch(() => null);
    if (standing) {
      try {
        standing.group.limit(limits);
        if (standing.shell.isThere) return standing;
      } catch {
        // What a new one says counts.
      }
      await discard(standing);
    }
    this.#place = this.#prepare(mark);
    const place = await this.#place;
    place.group.limit(limits);
    return place;
  }

  async #prepare(mark: string): Promise<Place> {
    this.#groups += 1;
    const group = new Cgroup(this.#parents, `weir-${mark}-${process.pid}-${this.#groups}`);
    try {
      return { group, shell: await SlotShell.start(mark, group.joins) };
    } catch (error) {
      await group.remove();
      throw error;
    }
  }
}

async function discard({ group, shell }: Place): Promise<void> {
  shell.kill();
  await group.kill();
  await group.remove();
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
