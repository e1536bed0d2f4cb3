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

/** How often the kernel ended a process for memory, and refused one. */
interface Count {
  readonly memory: number;
  readonly processes: number;
}

/** The control group of a slot's steps: one folder in v2, one for each controller in v1. */
export class Cgroup {
  readonly #parents: readonly CgroupParent[];
  readonly #name: string;
  #memoryBytes = 0;
  /** How often limits were run into until now, and until the step at hand. */
  #count: Count = { memory: 0, processes: 0 };
  #countBefore: Count = this.#count;

  /** @throws Error when the kernel refuses the group. */
  constructor(parents: readonly CgroupParent[], name: string) {
    this.#parents = parents;
    this.#name = name;
    for (const dir of this.#dirs) mkdirSync(dir);
  }

  /** From now on, for the step that comes. @throws Error when the kernel refuses the limits. */
  limit({ memoryBytes, processes }: BuildLimits): void {
    for (const parent of this.#parents) {
      const group = join(parent.dir, this.#name);
      if (memoryBytes !== this.#memoryBytes) limitMemory(parent, group, memoryBytes);
      limitProcesses(parent, group, processes);
    }
    this.#memoryBytes = memoryBytes;
    this.#countBefore = this.#count;
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
      if (controllers.includes('pids') && read(join(group, 'pids.current')) > maxLeftProcesses) {
        return true;
      }
      if (!controllers.includes('memory')) return false;
      const usage = read(join(group, version === 1 ? 'memory.usage_in_bytes' : 'memory.current'));
      // For `memory.stat` the kernel adds up what all processors have counted: it is asked only if it matters.
      const isMuch = (): boolean => count(join(group, 'memory.stat'), 'shmem') > maxLeftBytes;
      return usage > memoryBytes || (usage > maxLeftBytes && isMuch());
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
    this.#count = this.#countNow();
    const { memory, processes } = this.#countBefore;
    return { memory: this.#count.memory > memory, processes: this.#count.processes > processes };
  }

  #countNow(): Count {
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

function limitMemory({ version, controllers }: CgroupParent, dir: string, limit: number): void {
  if (!controllers.includes('memory')) return;
  const bytes = String(limit);
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

function limitProcesses({ controllers }: CgroupParent, dir: string, limit: number): void {
  // The shell that runs the steps is one more.
  if (controllers.includes('pids')) writeFileSync(join(dir, 'pids.max'), String(limit + 1));
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
  const membersNow = (): number[] => members(dir).filter((pid) => pid !== spared);
  if (membersNow().length === 0) return true;
  // Nothing may be started any more while the loop below goes through what is there.
  writeOptional(join(dir, 'pids.max'), '0');
  for (
    const deadline = performance.now() + killPatienceMs;
    performance.now() < deadline;
    await sleep(1)
  ) {
    const pids = membersNow();
    if (pids.length === 0) return true;
    // 0 stands for a process of another namespace, and would be this process's own group.
    for (const pid of pids) if (pid > 0) killNow(pid);
  }
  return false;
}

function members(dir: string): number[] {
  const lines = readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n');
  return lines.filter(Boolean).map(Number);
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
