import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceSpec } from '@weir/protocol';
import { checkOut } from './checkout.ts';
import { lfsUrlOf } from './lfs.ts';
import { ensureMirror } from './mirror.ts';
import type { Mirrors } from './mirror.ts';
import { RefusedRepositoryError, resolveRemote } from './remote.ts';
import { resolveSubmodule, submoduleUrl } from './submodule-url.ts';
import { submodulesOf } from './submodules.ts';
import type { Submodule } from './submodules.ts';
import { folderWithin } from './within.ts';

export interface SourcePlace extends Mirrors {
  /** An empty folder, for the commit's files. */
  readonly src: string;
  /** Repository URL to the local path that serves in its place. */
  readonly remotes: Readonly<Record<string, string>>;
  /** See `Sandbox`. */
  readonly objectsPath: (mirror: string, index: number) => string;
}

/** A repository that stands in the workspace. */
interface CheckedOut {
  readonly repository: string;
  readonly mirror: string;
  readonly commit: string;
  readonly dir: string;
}

/** Submodules of submodules of ... : further down is a circle. */
const maxLevels = 10;
/** Of one build. */
const maxRepositories = 500;

/**
 * Fills a workspace with the pinned commit, and with its submodules where the farm file asks for them.
 * The mirrors that the repositories in it borrow objects from, the commit's own first.
 *
 * @throws RefusedRepositoryError, GitError
 */
export async function fillSource(
  place: SourcePlace,
  { repository, ref, commit, checkout = {} }: SourceSpec,
  signal: AbortSignal,
): Promise<string[]> {
  const { git, src, objectsPath } = place;
  const { submodules, depth, lfs } = checkout;
  // Asked even when the commit is here: what is refused is refused from the first build on.
  const remote = resolveRemote(repository, place.remotes);
  const cut = depth === undefined ? {} : { depth };
  const mirror = await ensureMirror(place, { repository, ref, commit, ...cut }, remote, signal);
  const order = { mirror, commit, dir: src, objectsPath: objectsPath(mirror, 0) };
  await checkOut(git, { ...order, ...(lfs && { lfsUrl: lfsUrlOf(remote) }) }, signal);
  const mirrors = [mirror];
  if (submodules === undefined) return mirrors;
  let level: CheckedOut[] = [{ repository, mirror, commit, dir: src }];
  const levels = submodules === 'recursive' ? maxLevels : 1;
  for (let left = levels; level.length > 0 && left > 0; left -= 1) {
    const next: CheckedOut[] = [];
    for (const parent of level) {
      for (const submodule of await submodulesOf(git, parent, signal)) {
        if (mirrors.length === maxRepositories) {
          throw new RefusedRepositoryError(`more than ${maxRepositories} submodules are refused`);
        }
        const child = await addSubmodule(
          place,
          parent,
          { submodule, index: mirrors.length, ...cut },
          signal,
        );
        mirrors.push(child.mirror);
        next.push(child);
      }
    }
    level = next;
  }
  return mirrors;
}

async function addSubmodule(
  place: SourcePlace,
  parent: CheckedOut,
  { submodule, index, ...cut }: { submodule: Submodule; index: number; depth?: number },
  signal: AbortSignal,
): Promise<CheckedOut> {
  const { commit, path, url } = submodule;
  const repository = submoduleUrl(parent.repository, url);
  const remote = resolveSubmodule(repository, place.remotes);
  // Git has made an empty folder for it. A link in its way would lead out of the workspace.
  const dir = folderWithin(parent.dir, join(path, '.git'));
  if (dir === null || readdirSync(dir).length > 0) {
    throw new RefusedRepositoryError(
      `submodule ${JSON.stringify(path)} is refused: there is no empty folder for it`,
    );
  }
  const mirror = await ensureMirror(
    place,
    { repository, ref: null, commit, ...cut },
    remote,
    signal,
  );
  const objectsPath = place.objectsPath(mirror, index);
  await checkOut(place.git, { mirror, commit, dir, objectsPath }, signal);
  return { repository, mirror, commit, dir };
}
