import { closeSync } from 'node:fs';
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
interface Tree {
  readonly place: Place;
  readonly isContained: boolean;
  readonly mark: string;
  hasEnded: boolean;
  /** When it was ended: its place may be gone since. */
  hits: LimitHits | null;
}

export function linuxPlatform(): ProcessPlatform {
  return new LinuxPlatform();
}

class LinuxPlatform implements ProcessPlatform {
  readonly #parents = findCgroupParents();
  readonly limits = describeLimits(this.#parents);
  #standing: Promise<Place> | null = null;
  /** Places that are given back. */
  readonly #leaving = new Set<Promise<void>>();

  standBy(mark: string): void {
    this.#standing ??= this.#prepare(mark);
    // Why not is said when the step comes.
    this.#standing.catch(() => {});
  }

  async spawnStep(command: StepCommand, options: SpawnOptions): Promise<StepProcess> {
    const place = await this.#limitedPlace(options);
    const { writeFd, output } = openOutputPipe(options.output);
    try {
      const { exited } = await place.shell.begin(command, options.limits, options.output);
      const { isContained } = command;
      const { mark } = options;
      const tree: Tree = { place, isContained, mark, hasEnded: false, hits: null };
      void exited.then(() => (tree.hasEnded = true));
      // Once: what is done twice would be done to the next step.
      let killing: Promise<void> | undefined;
      return {
        output,
        exited,
        limitHits: () => tree.hits ?? place.group.hits(),
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
    const standing = await this.#standing?.catch(() => null);
    if (standing) this.#leave(standing);
    await Promise.all(this.#leaving);
  }

  /**
   * Where the step has not ended its shell goes too, which is of one process group with it.
   */
  async #killTree(tree: Tree): Promise<void> {
    const { place, isContained, mark, hasEnded } = tree;
    const { shell, group } = place;
    if (!hasEnded) shell.kill();
    const spared = hasEnded ? shell.pid : undefined;
    let isEmpty = false;
    try {
      isEmpty = await group.kill(spared);
      // Without a control group it may have left its session. A bubblewrap that has ended has taken its
      // process namespace along.
      if (this.#parents.length === 0 && !(isContained && hasEnded)) {
        await killStrays(mark, shell.pid, spared);
      }
    } finally {
      tree.hits = group.hits();
      if (!shell.isThere || !isEmpty) this.#leave(place);
    }
  }

  /** A new one where something has ended it, or it can not take one more. */
  async #limitedPlace({ mark, limits }: SpawnOptions): Promise<Place> {
    const standing = await this.#standing?.catch(() => null);
    if (standing?.shell.isThere === true && standing.group.limitAgain(limits)) return standing;
    if (standing) this.#leave(standing);
    this.#standing = this.#prepare(mark);
    const place = await this.#standing;
    place.group.limit(limits);
    return place;
  }

  /** Nobody waits for what hangs in the kernel there. */
  #leave(place: Place): void {
    this.#standing = null;
    const leaving = discard(place)
      .catch((error: unknown) => console.error('what a step left:', error))
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
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
