import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Mirror } from '../../src/upstream/mirror.ts';
import type { CommitWithFiles } from '../../src/upstream/read-commits.ts';
import { Origin, TemporaryFolder } from './origin.ts';

const never = new AbortController().signal;
const repository = 'https://git.example/org/thing.git';

/** The only mirror in a folder of mirrors. */
export function findMirror(root: string): string {
  return join(root, readdirSync(root).find((name) => name !== 'home') ?? '');
}

/** A real repository, and a folder for the mirror of it. */
export class Mirrored implements Disposable {
  readonly folder = new TemporaryFolder();
  readonly origin = new Origin(join(this.folder.path, 'origin.git'));

  open(address = this.origin.path): Promise<Mirror> {
    const root = join(this.folder.path, 'mirrors');
    return Mirror.open(root, repository, { address, protocols: 'file' }, never);
  }

  /** The folder of the mirror. */
  get path(): string {
    return findMirror(join(this.folder.path, 'mirrors'));
  }

  /** Fetches the main branch and reads all of its line, oldest first. */
  async follow(mirror?: Mirror): Promise<CommitWithFiles[]> {
    const opened = mirror ?? (await this.open());
    const tip = await opened.fetch('main');
    return opened.commits(await opened.firstParentLine(null, tip, 1_000));
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}
