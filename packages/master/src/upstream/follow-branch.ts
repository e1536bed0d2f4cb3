import type { FollowedBranch } from '@weir/model';
import type { BranchState } from '@weir/protocol';
import type { Clock } from '../clock.ts';
import type { BranchRow } from '../store/branches.ts';
import { branchByName, moveCursor, setBranchState } from '../store/branches.ts';
import type { NewChange } from '../store/changes.ts';
import { insertChange } from '../store/changes.ts';
import type { NewEvent } from '../store/events.ts';
import { recordEvents } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import type { Mirror } from './mirror.ts';
import type { CommitWithFiles } from './read-commits.ts';

/** Changes in one unit; the cursor moves with each. */
const changesPerUnit = 200;
/** A history that was rewritten shows so many of its newest commits at most. */
const maxRewritten = 100;
/** What came since the last look, at most: more than that is a new baseline for all that is older. */
const maxNew = 10_000;

export interface FollowContext {
  readonly store: Store;
  readonly now: Clock;
}

/**
 * Brings a branch up to the tip that its remote names. The first sight is a baseline: its newest
 * commit alone, not a flood of history. True when changes were written.
 */
export async function followBranch(
  context: FollowContext,
  mirror: Mirror,
  followed: FollowedBranch,
  tip: string,
): Promise<boolean> {
  const branch = await rowOf(context.store, followed);
  if (branch === undefined) return false;
  const head = branch.head === tip ? tip : await mirror.fetch(followed.ref);
  if (branch.head === head) {
    await recordState(context, followed, 'following', null);
    return false;
  }
  const line = await newLine(mirror, branch.head, head);
  let at: BranchRow | undefined = branch;
  for (let start = 0; start < line.hashes.length && at !== undefined; start += changesPerUnit) {
    const commits = await mirror.commits(line.hashes.slice(start, start + changesPerUnit));
    const isRewritten = line.isRewritten && start === 0;
    at = await writeChanges(context, at, commits, isRewritten);
  }
  return at !== branch;
}

/** The branch's row, unless another farm file moved it elsewhere meanwhile. */
async function rowOf(store: Store, followed: FollowedBranch): Promise<BranchRow | undefined> {
  const row = await branchByName(store.read, followed.name);
  return row?.repository === followed.repository && row.ref === followed.ref ? row : undefined;
}

/** The commits to write, oldest first: what `head` has and the cursor `from` has not. */
async function newLine(
  mirror: Mirror,
  from: string | null,
  head: string,
): Promise<{ hashes: readonly string[]; isRewritten: boolean }> {
  if (from === null) return { hashes: [head], isRewritten: false };
  const base = await mirror.mergeBase(from, head);
  const isRewritten = base !== from;
  // Wound back to an older commit, that one is the newest change again.
  if (base === null || base === head) return { hashes: [head], isRewritten };
  const limit = isRewritten ? maxRewritten : maxNew;
  return { hashes: await mirror.firstParentLine(base, head, limit), isRewritten };
}

/** Changes, their events and the cursor as one unit. Undefined when the branch is not where it was seen. */
function writeChanges(
  { store, now }: FollowContext,
  branch: BranchRow,
  commits: readonly CommitWithFiles[],
  isRewritten: boolean,
): Promise<BranchRow | undefined> {
  const at = now();
  const changes = commits.map((commit, index) => toChange(branch, commit, index, at));
  const head = changes.at(-1)?.commit ?? branch.head;
  const to = {
    head,
    position: branch.position + changes.length,
    rewrittenAt: isRewritten ? at : branch.rewritten_at,
    at,
  };
  return store.unit(async (db) => {
    const moved = await moveCursor(db, branch, to);
    if (moved === undefined) return undefined;
    for (const change of changes) await insertChange(db, change);
    const events: NewEvent[] = changes.map((change) =>
      branchEvent(branch.name, 'change.seen', at, {
        branch: branch.name,
        commit: change.commit,
        position: change.position,
        subject: change.subject,
        author: change.author.name,
      }),
    );
    if (isRewritten) {
      const data = { from: branch.head, to: head };
      events.unshift(branchEvent(branch.name, 'branch.rewritten', at, data));
    }
    if (branch.state !== 'following') {
      events.unshift(branchEvent(branch.name, 'branch.following', at, { error: null }));
    }
    await recordEvents(db, events);
    return moved;
  });
}

function toChange(
  branch: BranchRow,
  commit: CommitWithFiles,
  index: number,
  seenAt: number,
): NewChange {
  return {
    branchId: branch.id,
    position: branch.position + 1 + index,
    commit: commit.hash,
    parent: commit.parent,
    author: { name: commit.authorName, email: commit.authorEmail },
    authoredAt: commit.authoredAt,
    committer: { name: commit.committerName, email: commit.committerEmail },
    committedAt: commit.committedAt,
    seenAt,
    subject: commit.subject,
    message: commit.message,
    files: commit.files,
  };
}

/** Writes how a branch was found, with an event when its state is another one. True when it is. */
export function recordState(
  { store, now }: FollowContext,
  followed: FollowedBranch,
  state: BranchState,
  error: string | null,
): Promise<boolean> {
  const at = now();
  return store.unit(async (db) => {
    const before = await setBranchState(db, followed, { state, error, at });
    if (before === undefined || before === state) return false;
    await recordEvents(db, [branchEvent(followed.name, `branch.${state}`, at, { error })]);
    return true;
  });
}

function branchEvent(
  branch: string,
  kind: string,
  at: number,
  data: Readonly<Record<string, unknown>>,
): NewEvent {
  return { at, kind, actor: 'engine', subject: `branch/${branch}`, data };
}
