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
const format = fields.join('%x00');

/** What is kept of a message, in characters. */
const maxMessage = 20_000;
const maxName = 200;

/**
 * Reads the output of `git log -z --format=FORMAT`: a fixed number of fields, each ended by a NUL,
 * which no name and no message can hold. So no message can pass for another commit.
 *
 * @throws Error when the output does not fit
 */
export function parseCommits(output: string): Commit[] {
  const parts = output.split('\0');
  // What follows the last NUL.
  if (parts.at(-1) === '') parts.pop();
  if (parts.length % fields.length !== 0) throw new Error('git log: fields are missing');
  const commits: Commit[] = [];
  for (let at = 0; at < parts.length; at += fields.length) {
    commits.push(parseCommit(parts.slice(at, at + fields.length)));
  }
  return commits;
}
parseCommits.format = format;

function parseCommit(parts: readonly string[]): Commit {
  const [hash = '', parents = '', an = '', ae = '', at = '', cn = '', ce = '', ct = '', body = ''] =
    parts;
  if (!/^[0-9a-f]{40,64}$/.test(hash)) throw new Error('git log: a hash was expected');
  const message = body.trimEnd();
  return {
    hash,
    parent: parents.split(' ')[0] || null,
    authorName: an.slice(0, maxName),
    authorEmail: ae.slice(0, maxName),
    authoredAt: toMs(at),
    committerName: cn.slice(0, maxName),
    committerEmail: ce.slice(0, maxName),
    committedAt: toMs(ct),
    subject: (message.split('\n')[0] ?? '').slice(0, 500),
    message: message.slice(0, maxMessage),
  };
}

/** Seconds by any clock a committer had, even one before 1970. */
function toMs(seconds: string): number {
  const ms = Number(seconds) * 1_000;
  return Number.isSafeInteger(ms) && ms > 0 ? ms : 0;
}
