import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildLimits } from '@weir/protocol';
import { killPatienceMs } from './contract.ts';
import type { LimitHits } from './contract.ts';
import { killNow } from './kill-now.ts';

/** A folder of the cgroup file system in which this process may make groups. */
export interface CgroupParent {
  readonly dir: string;
  readonly version: 1 | 2;
  readonly controllers: readonly Controller[];
}
export type Controller = 'memory' | 'pids';

/** Files in memory (tmpfs) stay charged to the group in which they were written. */
const maxLeftBytes = 1024 ** 2;
/** Processes that have ended count until somebody asks what became of them; one is the shell. */
const maxLeftProcesses = 5;

/** The control group of a slot's steps: one folder in v2, one for each controller in v1. */
export class Cgroup {
  readonly #parents: readonly CgroupParent[];
  readonly #name: string;
  /** Of the steps before. */
  #counts = { memory: 0, processes: 0 };

  /** @throws Error when the kernel refuses the group. */
  constructor(parents: readonly CgroupParent[], name: string) {
    this.#parents = parents;
    this.#name = name;
    for (const dir of this.#dirs) mkdirSync(dir);
  }

  /** From now on, for the step that comes. @throws Error when the kernel refuses the limits. */
  limit(limits: BuildLimits): void {
    for (const parent of this.#parents) setLimits(parent, join(parent.dir, this.#name), limits);
    this.#counts = this.#count();
  }

  /**
   * The same for one more step. False when that needs a new group: what the ones before left would
   * count against it, more than its limits is in use, or somebody removed this one.
   */
  limitAgain(limits: BuildLimits): boolean {
    try {
      if (this.#isLittered(limits)) return false;
      this.limit(limits);
      return true;
    } catch {
      return false;
    }
  }

  #isLittered({ memoryBytes }: BuildLimits): boolean {
    return this.#parents.some(({ dir, version, controllers }) => {
      const group = join(dir, this.#name);
      const usage = version === 1 ? 'memory.usage_in_bytes' : 'memory.current';
      return (
        (controllers.includes('pids') && read(join(group, 'pids.current')) > maxLeftProcesses) ||
        (controllers.includes('memory') &&
          (count(join(group, 'memory.stat'), 'shmem') > maxLeftBytes ||
            read(join(group, usage)) > memoryBytes))
      );
    });
  }

  /** Files into which a process writes 0 to enter. */
  get joins(): string[] {
    return this.#dirs.map((dir) => join(dir, 'cgroup.procs'));
  }

  get #dirs(): string[] {
    return this.#parents.map(({ dir }) => join(dir, this.#name));
  }

  /** Limits that were run into since they were set. */
  hits(): LimitHits {
    const { memory, processes } = this.#count();
    return { memory: memory > this.#counts.memory, processes: processes > this.#counts.processes };
  }

  #count(): { memory: number; processes: number } {
    let memory = 0;
    let processes = 0;
    for (const { dir, version, controllers } of this.#parents) {
      const group = join(dir, this.#name);
      const memoryFile = version === 1 ? 'memory.oom_control' : 'memory.events';
      if (controllers.includes('memory')) memory += count(join(group, memoryFile), 'oom_kill');
      if (controllers.includes('pids')) processes += count(join(group, 'pids.events'), 'max');
    }
    return { memory, processes };
  }

  /** Ends every process in it, or every one but this. False when some hang in the kernel. */
  async kill(spared?: number): Promise<boolean> {
    let isDone = true;
    for (const dir of this.#dirs) isDone = (await killGroup(dir, spared)) && isDone;
    return isDone;
  }

  /** Removes the empty group. The kernel may need a moment after its last process. */
  async remove(): Promise<void> {
    await Promise.all(this.#dirs.map((dir) => removeGroup(dir)));
  }
}

/** Ends and removes the groups that an earlier runner left behind. */
export async function sweepGroups(parents: readonly CgroupParent[], prefix: string): Promise<void> {
  for (const { dir } of parents) {
    for (const name of readdirSync(dir).filter((entry) => entry.startsWith(prefix))) {
      await killGroup(join(dir, name));
      await removeGroup(join(dir, name));
    }
  }
}

function setLimits({ version, controllers }: CgroupParent, dir: string, limits: BuildLimits): void {
  if (controllers.includes('memory')) {
    const bytes = String(limits.memoryBytes);
    // What accounts swap is absent where the kernel does not. v1 counts memory and swap together: that
    // limit is never the lower one, so it goes up first and down last.
    if (version === 1) {
      writeOptional(join(dir, 'memory.memsw.limit_in_bytes'), bytes);
      writeFileSync(join(dir, 'memory.limit_in_bytes'), bytes);
      writeOptional(join(dir, 'memory.memsw.limit_in_bytes'), bytes);
    } else {
      writeFileSync(join(dir, 'memory.max'), bytes);
      writeOptional(join(dir, 'memory.swap.max'), '0');
    }
  }
  // The shell that runs the steps is one more.
  if (controllers.includes('pids')) {
    writeFileSync(join(dir, 'pids.max'), String(limits.processes + 1));
  }
}

function writeOptional(path: string, value: string): void {
  try {
    writeFileSync(path, value, { flag: 'r+' });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'EACCES', 'EINVAL'].includes(code)) throw error;
  }
}

function read(path: string): number {
  return Number(readFileSync(path, 'utf8'));
}

function count(path: string, key: string): number {
  const match = new RegExp(`^${key} (\\d+)$`, 'm').exec(readFileSync(path, 'utf8'));
  return Number(match?.[1] ?? 0);
}

async function killGroup(dir: string, spared?: number): Promise<boolean> {
  // Nothing may be started any more while the loop below goes through what is there.
  writeOptional(join(dir, 'pids.max'), '0');
  for (
    const deadline = performance.now() + killPatienceMs;
    performance.now() < deadline;
    await sleep(1)
  ) {
    const words = readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
    const pids = words.map(Number).filter((pid) => pid !== spared);
    if (pids.length === 0) return true;
    // 0 stands for a process of another namespace, and would be this process's own group.
    for (const pid of pids) if (pid > 0) killNow(pid);
  }
  return false;
}

async function removeGroup(dir: string): Promise<void> {
  for (const deadline = performance.now() + killPatienceMs; ; await sleep(1)) {
    try {
      rmdirSync(dir);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || performance.now() > deadline) throw error;
    }
  }
}
