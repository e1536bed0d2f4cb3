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
import type { Commit } from './parse-commits.ts';

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
  { store, now }: FollowContext,
  mirror: Mirror,
  name: string,
  tip: string,
): Promise<boolean> {
  const branch = await branchByName(store.read, name);
  if (branch === undefined) return false;
  if (branch.head === tip) {
    await recordState({ store, now }, branch, 'following', null);
    return false;
  }
  const head = await mirror.fetch(branch.ref);
  const news = await newCommits(mirror, branch, head);
  let at = branch;
  for (let start = 0; start < news.commits.length; start += changesPerUnit) {
    const commits = news.commits.slice(start, start + changesPerUnit);
    const changes = await toChanges(mirror, at, commits, now());
    const rewrittenAt = news.isRewritten ? now() : at.rewritten_at;
    const moved = await writeChanges(store, at, changes, rewrittenAt);
    if (moved === undefined) return true;
    at = moved;
  }
  if (news.isRewritten) {
    const event = {
      at: now(),
      kind: 'branch.rewritten',
      actor: 'engine',
      subject: `branch/${name}`,
    };
    const data = { from: branch.head, to: head };
    await store.unit((db) => recordEvents(db, [{ ...event, data }]));
  }
  await recordState({ store, now }, at, 'following', null);
  return news.commits.length > 0;
}

async function newCommits(
  mirror: Mirror,
  branch: BranchRow,
  head: string,
): Promise<{ commits: readonly Commit[]; isRewritten: boolean }> {
  if (branch.head === null) {
    return { commits: await mirror.firstParentLine(null, head, 1), isRewritten: false };
  }
  const base = await mirror.mergeBase(branch.head, head);
  const isRewritten = base !== branch.head;
  const limit = isRewritten ? maxRewritten : maxNew;
  const commits =
    base === null
      ? await mirror.firstParentLine(null, head, 1)
      : await mirror.firstParentLine(base, head, limit);
  // Wound back to an older commit: that one is the newest change again.
  if (commits.length === 0) {
    return { commits: await mirror.firstParentLine(null, head, 1), isRewritten };
  }
  return { commits, isRewritten };
}

async function toChanges(
  mirror: Mirror,
  branch: BranchRow,
  commits: readonly Commit[],
  seenAt: number,
): Promise<NewChange[]> {
  const changes: NewChange[] = [];
  for (const [index, commit] of commits.entries()) {
    changes.push({
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
      files: await mirror.filesOf(commit),
    });
  }
  return changes;
}

/** Changes, their events and the cursor as one unit. Undefined when another poll moved the cursor. */
function writeChanges(
  store: Store,
  branch: BranchRow,
  changes: readonly NewChange[],
  rewrittenAt: number | null,
): Promise<BranchRow | undefined> {
  const newest = changes.at(-1);
  if (newest === undefined) return Promise.resolve(branch);
  const to = { head: newest.commit, position: newest.position, rewrittenAt };
  return store.unit(async (db) => {
    if (!(await moveCursor(db, branch, to))) return undefined;
    for (const change of changes) await insertChange(db, change);
    await recordEvents(
      db,
      changes.map((change): NewEvent => {
        const { commit, subject, position, author } = change;
        return {
          at: change.seenAt,
          kind: 'change.seen',
          actor: 'engine',
          subject: `branch/${branch.name}`,
          data: { branch: branch.name, commit, position, subject, author: author.name },
        };
      }),
    );
    return { ...branch, head: to.head, position: to.position, rewritten_at: rewrittenAt };
  });
}

/** Writes how a branch was found; an event only when that is news. */
export async function recordState(
  { store, now }: FollowContext,
  branch: Pick<BranchRow, 'id' | 'name' | 'state' | 'error'>,
  state: BranchState,
  error: string | null,
): Promise<void> {
  const at = now();
  await store.unit(async (db) => {
    await setBranchState(db, branch.id, { state, error, at });
    if (branch.state === state && branch.error === error) return;
    const subject = `branch/${branch.name}`;
    const kind = `branch.${state}`;
    await recordEvents(db, [{ at, kind, actor: 'engine', subject, data: { error } }]);
  });
}
