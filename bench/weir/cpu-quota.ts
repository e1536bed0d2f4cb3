import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const mount = '/sys/fs/cgroup';
/** Shares are counted out so often: the kernel's default. */
const periodUs = 100_000;

/** How a group was held back, since it was made. */
export interface Throttling {
  readonly periods: number;
  /** Those in which its share did not suffice. */
  readonly throttled: number;
}

/** A control group of its own that may use so much of a processor, by cgroup v1 or v2. */
export class CpuQuota implements AsyncDisposable {
  readonly #dir: string;
  readonly #version: 1 | 2;

  private constructor(dir: string, version: 1 | 2) {
    this.#dir = dir;
    this.#version = version;
  }

  /**
   * Makes a group without a limit.
   *
   * @throws Error when this machine does not let this user make one
   */
  static make(name: string): CpuQuota {
    const version = existsSync(join(mount, 'cgroup.controllers')) ? 2 : 1;
    const parent = version === 2 ? mount : join(mount, 'cpu');
    const quota = new CpuQuota(join(parent, name), version);
    try {
      if (version === 2) writeFileSync(join(mount, 'cgroup.subtree_control'), '+cpu');
      mkdirSync(quota.#dir);
      // Whether it can be limited is known only by trying.
      quota.limit(1);
    } catch (cause) {
      if (existsSync(quota.#dir)) rmdirSync(quota.#dir);
      const text = `no control group with a share of a processor can be made in ${parent} (as root?)`;
      throw new Error(text, { cause });
    }
    quota.#unlimit();
    return quota;
  }

  /** What runs a command in the group: goes before it. */
  get under(): readonly [string, ...string[]] {
    return ['sh', '-c', 'echo $$ >"$0" && exec "$@"', join(this.#dir, 'cgroup.procs')];
  }

  /** From here on its processes have so many processors, all together. */
  limit(processors: number): void {
    const quotaUs = Math.round(processors * periodUs);
    if (this.#version === 2) return this.#write('cpu.max', `${quotaUs} ${periodUs}`);
    this.#write('cpu.cfs_period_us', String(periodUs));
    this.#write('cpu.cfs_quota_us', String(quotaUs));
  }

  throttling(): Throttling {
    const text = readFileSync(join(this.#dir, 'cpu.stat'), 'utf8');
    const count = (name: string): number => Number(new RegExp(`${name} (\\d+)`).exec(text)?.[1]);
    return { periods: count('nr_periods'), throttled: count('nr_throttled') };
  }

  #unlimit(): void {
    if (this.#version === 2) this.#write('cpu.max', 'max');
    else this.#write('cpu.cfs_quota_us', '-1');
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#dir, file), text);
  }

  /** Its processes have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return rmdirSync(this.#dir);
      } catch (error) {
        // The kernel may still be at the last one's end.
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries === 100) throw error;
      }
      await sleep(50);
    }
  }
}
