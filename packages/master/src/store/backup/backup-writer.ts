import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sync } from '../copy-database.ts';
import { manifestFile, sha256Of, sumsFile } from './manifest.ts';
import type { BackupManifest } from './manifest.ts';

/** Files copied at once: enough to keep a disk busy while it syncs. */
const atOnce = 16;

type Told = Omit<BackupManifest, 'format' | 'files' | 'sizeBytes' | 'sha256'>;

/** Fills the folder of one backup. Memory does not grow with the number of files. */
export class BackupWriter implements AsyncDisposable {
  readonly #folder: string;
  readonly #sums: FileHandle;
  #files = 0;
  #sizeBytes = 0;

  private constructor(folder: string, sums: FileHandle) {
    this.#folder = folder;
    this.#sums = sums;
  }

  /** @throws Error when the folder is not empty */
  static async begin(folder: string): Promise<BackupWriter> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length > 0) {
      throw new Error(`${folder} is not empty: name another folder for the backup`);
    }
    return new BackupWriter(folder, await open(join(folder, sumsFile), 'wx', 0o600));
  }

  pathOf(path: string): string {
    return join(this.#folder, path);
  }

  /** Copies files from the data folder, and takes them in. Those that are gone by now are left out: how many. */
  async copyAll(dataDir: string, paths: readonly string[]): Promise<number> {
    let missing = 0;
    for (const path of new Set(paths.map((each) => dirname(each)))) {
      await mkdir(this.pathOf(path), { recursive: true, mode: 0o700 });
    }
    for (let from = 0; from < paths.length; from += atOnce) {
      const some = paths.slice(from, from + atOnce);
      const copied = await Promise.all(
        some.map(async (path) => ((await this.#copy(dataDir, path)) ? [path] : [])),
      );
      missing += some.length - copied.flat().length;
      await this.addWritten(copied.flat());
    }
    return missing;
  }

  /** Takes in files that are in the folder, and on the disk, already. */
  async addWritten(paths: readonly string[]): Promise<void> {
    const lines = await Promise.all(
      paths.map(async (path) => {
        const { size } = await stat(this.pathOf(path));
        this.#sizeBytes += size;
        return `${await sha256Of(this.pathOf(path))}  ${path}\n`;
      }),
    );
    this.#files += paths.length;
    await this.#sums.write(lines.join(''));
  }

  /** Makes it a backup. */
  async finish(told: Told): Promise<BackupManifest> {
    await this.#sums.sync();
    const manifest: BackupManifest = {
      format: 1,
      ...told,
      files: this.#files,
      sizeBytes: this.#sizeBytes,
      sha256: await sha256Of(this.pathOf(sumsFile)),
    };
    const path = this.pathOf(manifestFile);
    await using file = await open(`${path}.part`, 'w', 0o600);
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.sync();
    await rename(`${path}.part`, path);
    await sync(this.#folder);
    return manifest;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sums.close();
  }

  async #copy(dataDir: string, path: string): Promise<boolean> {
    try {
      // Costs nothing where the file system shares blocks.
      await copyFile(join(dataDir, path), this.pathOf(path), constants.COPYFILE_FICLONE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    await sync(this.pathOf(path));
    return true;
  }
}
