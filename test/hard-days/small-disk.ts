import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const piece = Buffer.alloc(64 * 1024, 'x');

/** A file system of a few megabytes, that can be filled up and emptied. Needs root. */
export class SmallDisk implements AsyncDisposable {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async mount(bytes: number): Promise<SmallDisk> {
    const dir = await mkdtemp(join(tmpdir(), 'weir-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'weir-test', dir]);
    return new SmallDisk(dir);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.dir);
    return bavail * bsize;
  }

  /** Takes all room but so much; 0 leaves not a byte. */
  fill(leaveBytes = 0): void {
    const file = openSync(this.#filler, 'a');
    try {
      while (this.freeBytes > leaveBytes) {
        writeSync(file, piece, 0, Math.min(piece.length, this.freeBytes - leaveBytes));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives back what was taken. */
  empty(): void {
    rmSync(this.#filler, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync('umount', ['--lazy', this.dir]);
    await rm(this.dir, { recursive: true, force: true });
  }

  get #filler(): string {
    return join(this.dir, 'filler');
  }
}
