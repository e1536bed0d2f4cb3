import { basename, posix } from 'node:path';
import type { VersionSource } from '@weir/protocol';
import { Mirror } from '../upstream/mirror.ts';
import { RepositoryError } from '../upstream/repository-error.ts';
import { remoteAddress } from '../upstream/repository-url.ts';
import type { FarmFolder } from './farm-folder.ts';
import { listedFolder } from './farm-folder.ts';
import type { FarmOptions, FarmSource, SourceReading } from './farm-source.ts';
import { readFarm } from './read-farm-file.ts';
import type { TextOrProblem } from './read-text.ts';
import { checkedText } from './read-text.ts';

/** A branch of a git repository that holds a farm file. */
export interface FarmRepository {
  readonly url: string;
  readonly branch: string;
  /** The farm file, from the top of the repository. */
  readonly path: string;
}

/**
 * A farm file in a git repository, at the tip of a branch.
 *
 * @param mirrors the folder of its mirror: one of its own, since a mirror has one user at a time
 */
export function repositorySource(
  { url, branch, path }: FarmRepository,
  options: FarmOptions,
  { mirrors, signal }: { mirrors: string; signal: AbortSignal },
): FarmSource {
  let lastCommit: string | null = null;

  async function readTip(mirror: Mirror): Promise<SourceReading> {
    const tip = await mirror.fetch(branch);
    const [commit] = await mirror.commits([tip]);
    const reading = await readFarm(await commitFolder(mirror, tip, path), path, options);
    lastCommit = tip;
    const author = commit?.authorName ?? '';
    const source: VersionSource = { kind: 'repository', url, branch, commit: tip, author };
    return { reading, source, reason: commit?.subject ?? null };
  }

  return {
    place: `${path} of ${url} (${branch})`,
    isFollowed: true,
    async read() {
      const mirror = await Mirror.open(mirrors, url, remoteAddress(url, options.remotes), signal);
      const { heads } = await mirror.remoteHeads([branch]);
      const tip = heads.get(branch);
      if (tip === undefined) throw new RepositoryError(`it has no branch ${branch}`);
      if (tip === lastCommit) return null;
      try {
        return await readTip(mirror);
      } catch (error) {
        if (!(error instanceof RepositoryError) || !(await mirror.repair())) throw error;
        return readTip(mirror);
      }
    },
    forget() {
      lastCommit = null;
    },
  };
}

/** The folder of a farm file in a commit. */
async function commitFolder(mirror: Mirror, commit: string, path: string): Promise<FarmFolder> {
  const folder = posix.dirname(path);
  const files = await mirror.files(commit, folder === '.' ? '' : folder);
  const texts = new Map<string, TextOrProblem>();

  // Together, since each process takes its time.
  async function load(names: readonly string[]): Promise<void> {
    const ids = names.map((name) => files.get(name) ?? '');
    for (const [index, bytes] of (await mirror.contents(ids)).entries()) {
      texts.set(names[index] ?? '', checkedText(bytes));
    }
  }

  const { find } = listedFolder([...files.keys()]);
  if (files.has(basename(path))) await load([basename(path)]);
  return {
    async find(pattern, max) {
      const found = await find(pattern, max);
      await load(found);
      return found;
    },
    read: async (name) => texts.get(name) ?? { problem: 'is not there' },
  };
}
