import { closeSync } from 'node:fs';
import { findCgroupParents } from './cgroup-parents.ts';
import { Cgroup, sweepGroups } from './cgroup.ts';
import type { CgroupParent, Controller } from './cgroup.ts';
import type { ProcessPlatform, SpawnOptions, StepCommand, StepProcess } from './contract.ts';
import { killNow } from './kill-now.ts';
import { openOutputPipe } from './output-pipe.ts';
import { killStrays } from './proc-scan.ts';
import { SlotShell } from './slot-shell.ts';

/** Made by this process, for their names. */
let groups = 0;

/** Where a slot's steps run: a shell in control groups of its own. */
interface Place {
  readonly group: Cgroup;
  readonly shell: SlotShell;
}

/** A step with all that it started. */
interface Tree extends Place {
  readonly pid: number;
  readonly isContained: boolean;
  readonly mark: string;
  hasEnded: boolean;
}

export function linuxPlatform(): ProcessPlatform {
  return new LinuxPlatform();
}

class LinuxPlatform implements ProcessPlatform {
  readonly #parents = findCgroupParents();
  readonly limits = describeLimits(this.#parents);
  #place: Promise<Place> | null = null;

  standBy(mark: string): void {
    this.#place ??= this.#prepare(mark);
    // Why not is said when the step comes.
    this.#place.catch(() => {});
  }

  async spawnStep(command: StepCommand, options: SpawnOptions): Promise<StepProcess> {
    const place = await this.#limitedPlace(options);
    const { writeFd, output } = openOutputPipe(options.output);
    try {
      const { pid, exited } = await place.shell.begin(command, options.limits, options.output);
      const { isContained } = command;
      const tree: Tree = { ...place, pid, isContained, mark: options.mark, hasEnded: false };
      void exited.then(() => (tree.hasEnded = true));
      // Once: what is done twice would be done to the next step.
      let killing: Promise<void> | undefined;
      return {
        output,
        exited,
        limitHits: () => place.group.hits(),
        killTree: () => (killing ??= this.#killTree(tree)),
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

  /**
   * Where the step has not ended its shell goes too: it would be told by halves, may be a process of
   * the shell's group still, and may have stopped the shell.
   */
  async #killTree({ shell, group, pid, isContained, mark, hasEnded }: Tree): Promise<void> {
    if (!hasEnded) shell.kill();
    if (!isContained) killNow(-pid);
    const spared = hasEnded ? shell.pid : undefined;
    // The next step shall not wait for what hangs in the kernel.
    if (!(await group.kill(spared))) shell.kill();
    // Without a control group it may have left its session; bubblewrap has a process namespace, and ends it.
    if (this.#parents.length === 0 && !(isContained && hasEnded)) {
      await killStrays(mark, pid, spared);
    }
  }

  /** A new one where something has ended it, or it can not take one more. */
  async #limitedPlace({ mark, limits }: SpawnOptions): Promise<Place> {
    const standing = await this.#place?.catch(() => null);
    if (standing?.shell.isThere === true && standing.group.limitAgain(limits)) return standing;
    this.#place = null;
    if (standing) {
      await discard(standing).catch((error: unknown) => console.error('a place of steps:', error));
    }
    this.#place = this.#prepare(mark);
    const place = await this.#place;
    place.group.limit(limits);
    return place;
  }

  async #prepare(mark: string): Promise<Place> {
    groups += 1;
    const group = new Cgroup(this.#parents, `weir-${mark}-${process.pid}-${groups}`);
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
