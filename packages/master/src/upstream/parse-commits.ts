import { RepositoryError } from './repository-error.ts';

/** One commit as git tells it. Times are milliseconds UTC. */
export interface Commit {
  readonly hash: string;
  /** The first parent. */
  readonly parent: string | null;
  readonly authorName: string;
  readonly authorEmail: string;
  readonly authoredAt: number;
  readonly committerName: string;
  readonly committerEmail: string;
  readonly committedAt: number;
  readonly subject: string;
  readonly message: string;
}

const fields = ['%H', '%P', '%an', '%ae', '%at', '%cn', '%ce', '%ct', '%B'] as const;
/** What to ask of `git log -z`: a fixed number of fields, the message last. */
export const commitFormat = fields.join('%x00');

/** What is kept of a message, in characters. */
const maxMessage = 20_000;
const maxSubject = 500;
const maxName = 200;

/**
 * Reads the output of `git log -z` for the given commits. Each field ends with a NUL, which no name
 * and no message can hold, and each commit has to be the one that was asked for: so nothing that
 * somebody wrote into a commit can pass for another field or another commit.
 *
 * Output that was cut holds fewer commits; a message cut short counts when it is the first one's,
 * so that each reading gets on by one commit at least.
 *
 * @throws RepositoryError when the output does not fit
 */
export function parseCommits(output: string, hashes: readonly string[]): Commit[] {
  const parts = output.split('\0');
  // What follows the last NUL: nothing, or a message cut short.
  if (parts.length > fields.length) parts.pop();
  const commits: Commit[] = [];
  for (const [index, hash] of hashes.entries()) {
    const ofCommit = parts.slice(index * fields.length, (index + 1) * fields.length);
    if (ofCommit.length < fields.length) break;
    commits.push(parseCommit(ofCommit, hash));
  }
  return commits;
}

function parseCommit(parts: readonly string[], expected: string): Commit {
  const [hash, parents = '', an = '', ae = '', at = '', cn = '', ce = '', ct = '', body = ''] =
    parts;
  if (hash !== expected) throw new RepositoryError(`git log: ${expected} was expected`);
  const message = body.trimEnd().slice(0, maxMessage);
  return {
    hash,
    parent: parents.split(' ')[0] || null,
    authorName: an.slice(0, maxName),
    authorEmail: ae.slice(0, maxName),
    authoredAt: toMs(at),
    committerName: cn.slice(0, maxName),
    committerEmail: ce.slice(0, maxName),
    committedAt: toMs(ct),
    subject: (message.trimStart().split('\n')[0] ?? '').slice(0, maxSubject),
    message,
  };
}

/** Seconds by any clock a committer had, even one before 1970. */
function toMs(seconds: string): number {
  const ms = Number(seconds) * 1_000;
  return Number.isSafeInteger(ms) && ms > 0 ? ms : 0;
}
