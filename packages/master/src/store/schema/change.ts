import type { BranchState } from '@weir/protocol';
import type { Generated } from 'kysely';

/** A followed branch and its cursor, `head`: every change up to it is stored. */
export interface BranchTable {
  id: Generated<number>;
  name: string;
  kind: 'trunk' | 'project';
  repository: string;
  ref: string;
  state: BranchState;
  head: string | null;
  /** Position of the newest change. */
  position: number;
  error: string | null;
  polled_at: number | null;
  rewritten_at: number | null;
  /** 0 when the farm file does not name it any more. */
  active: number;
  /** Changes up to this position have been turned into requests. */
  scheduled_position: number;
}

export interface ChangeTable {
  id: Generated<number>;
  branch_id: number;
  position: number;
  commit_hash: string;
  parent_hash: string | null;
  author_name: string;
  author_email: string;
  authored_at: number;
  committer_name: string;
  committer_email: string;
  committed_at: number;
  seen_at: number;
  subject: string;
  message: string;
  /** At most 1,000 paths. */
  files_json: string;
}
