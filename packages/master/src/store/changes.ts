import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { ChangeTable } from './schema/change.ts';

export type ChangeRow = Selectable<ChangeTable>;

export interface NewChange {
  readonly branchId: number;
  readonly position: number;
  readonly commit: string;
  readonly parent: string | null;
  readonly author: { readonly name: string; readonly email: string };
  readonly authoredAt: number;
  readonly committer: { readonly name: string; readonly email: string };
  readonly committedAt: number;
  readonly seenAt: number;
  readonly subject: string;
  readonly message: string;
  readonly files: readonly string[];
}

export async function insertChange(db: Kysely<Database>, change: NewChange): Promise<void> {
  await db
    .insertInto('change')
    .values({
      branch_id: change.branchId,
      position: change.position,
      commit_hash: change.commit,
      parent_hash: change.parent,
      author_name: change.author.name,
      author_email: change.author.email,
      authored_at: change.authoredAt,
      committer_name: change.committer.name,
      committer_email: change.committer.email,
      committed_at: change.committedAt,
      seen_at: change.seenAt,
      subject: change.subject,
      message: change.message,
      files_json: JSON.stringify(change.files),
    })
    .execute();
}

/** The changes of a branch after one position and up to another, newest first. */
export function changesBetween(
  db: Kysely<Database>,
  branchId: number,
  range: { after: number; upTo: number },
  limit: number,
): Promise<ChangeRow[]> {
  return db
    .selectFrom('change')
    .selectAll()
    .where('branch_id', '=', branchId)
    .where('position', '>', range.after)
    .where('position', '<=', range.upTo)
    .orderBy('position', 'desc')
    .limit(limit)
    .execute();
}
