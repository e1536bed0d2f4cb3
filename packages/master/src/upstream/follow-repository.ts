import { join } from 'node:path';
import type { Farm, FollowedBranch } from '@weir/model';
import type { Log } from '../log.ts';
import { followBranch, recordState } from './follow-branch.ts';
import type { FollowContext } from './follow-branch.ts';
import { Mirror } from './mirror.ts';
import { RepositoryError } from './repository-error.ts';
import { remoteAddress } from './repository-url.ts';

export interface RepositoryContext extends FollowContext {
  readonly farm: () => Farm;
  readonly dataDir: string;
  readonly log: Log;
  /** Changes of this branch were written. */
  readonly onChanges: (branch: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Asks a repository once for all its followed branches, and fetches those that moved. What goes
 * wrong is written to the branches that it concerns. True when nothing did.
 */
export async function followRepository(
  context: RepositoryContext,
  url: string,
  branches: readonly FollowedBranch[],
): Promise<boolean> {
  let isSound = true;
  const failed = async (concerned: readonly FollowedBranch[], error: unknown): Promise<void> => {
    context.signal.throwIfAborted();
    if (!(error instanceof RepositoryError)) throw error;
    isSound = false;
    for (const branch of concerned) await report(context, branch, 'unreachable', error.message);
  };
  try {
    const mirror = await openMirror(context, url);
    const { heads, isEmpty } = await mirror.remoteHeads(branches.map(({ ref }) => ref));
    for (const branch of branches) {
      const tip = heads.get(branch.ref);
      if (tip === undefined) await report(context, branch, isEmpty ? 'empty' : 'deleted', null);
      else await follow(context, mirror, branch, tip).catch((error) => failed([branch], error));
    }
  } catch (error) {
    await failed(branches, error);
  }
  return isSound;
}

async function follow(
  context: RepositoryContext,
  mirror: Mirror,
  branch: FollowedBranch,
  tip: string,
): Promise<void> {
  if (await followOrRepair(context, mirror, branch, tip)) context.onChanges(branch.name);
}

async function followOrRepair(
  context: RepositoryContext,
  mirror: Mirror,
  branch: FollowedBranch,
  tip: string,
): Promise<boolean> {
  try {
    return await followBranch(context, mirror, branch, tip);
  } catch (error) {
    if (!(error instanceof RepositoryError) || !(await mirror.repair())) throw error;
    context.log.warn(`the mirror of ${branch.repository} was broken, and is fetched again`, {
      branch: branch.name,
    });
    return followBranch(context, mirror, branch, tip);
  }
}

function openMirror(
  { farm, dataDir, signal }: RepositoryContext,
  repository: string,
): Promise<Mirror> {
  const remote = remoteAddress(repository, farm().remotes);
  return Mirror.open(join(dataDir, 'mirrors'), repository, remote, signal);
}

async function report(
  context: RepositoryContext,
  branch: FollowedBranch,
  state: 'empty' | 'deleted' | 'unreachable',
  error: string | null,
): Promise<void> {
  const isNews = await recordState(context, branch, state, error);
  if (!isNews) return;
  const why = error === null ? '' : `: ${error}`;
  context.log.warn(`${branch.name} is ${state} (${branch.repository}, ${branch.ref})${why}`, {
    branch: branch.name,
  });
}
