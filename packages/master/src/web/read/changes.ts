import type { ApiChange } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import { branchByName, branchesByName } from '../../store/branches.ts';
import { changesBetween } from '../../store/changes.ts';
import type { Database } from '../../store/schema.ts';
import type { ChangeTable } from '../../store/schema/change.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, encodeCursor, toPage } from './page.ts';

type ChangeRow = Selectable<ChangeTable> & { readonly branch: string };

export interface ChangeFilter {
  readonly branch?: string | undefined;
  /** Changes of its trunks. */
  readonly upstream?: string | undefined;
}

/** Rows looked at for one page when a filter has no index: the page may then be short, with more after it. */
const maxScanned = 2_000;

/** Changes, newest first: of one branch by their place on it, else by when the farm saw them. */
export async function listChanges(
  db: Kysely<Database>,
  ask: PageAsk & ChangeFilter,
): Promise<Page<ApiChange>> {
  if (ask.branch !== undefined) return listBranchChanges(db, ask.branch, ask);
  const after = decodeCursor(ask.cursor, ['number']);
  let query = changeRows(db).orderBy('change.id', 'desc');
  if (after) query = query.where('change.id', '<', after[0]);
  if (ask.upstream === undefined) {
    return toChangePage(await query.limit(ask.limit + 1).execute(), ask.limit);
  }
  const scanned = await query.limit(maxScanned).execute();
  const rows = scanned.filter((row) => row.branch.startsWith(`${ask.upstream}/`));
  const page = toChangePage(rows, ask.limit);
  const last = scanned.length === maxScanned ? scanned.at(-1) : undefined;
  return { ...page, next: page.next ?? (last === undefined ? null : encodeCursor([last.id])) };
}

export async function readChange(db: Kysely<Database>, id: number): Promise<ApiChange | undefined> {
  const row = await changeRows(db).where('change.id', '=', id).executeTakeFirst();
  return row && toChange(row);
}

/** The changes of a branch at positions in (after, upTo], newest first. */
export async function readChangesBetween(
  db: Kysely<Database>,
  branch: string,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): Promise<ApiChange[]> {
  const row = await branchByName(db, branch);
  if (row === undefined) return [];
  const changes = await changesBetween(db, row.id, { after, upTo }, limit);
  return changes.map((change) => toChange({ ...change, branch }));
}

/** The newest changes that were seen on these branches, newest first; of each, those in its reach. */
export async function newestChangesOf(
  db: Kysely<Database>,
  reaches: ReadonlyMap<string, { readonly after: number; readonly upTo: number }>,
  limit: number,
): Promise<ApiChange[]> {
  const changes: ApiChange[] = [];
  for (const { id, name: branch } of await branchesByName(db, [...reaches.keys()])) {
    const reach = reaches.get(branch);
    const rows = reach === undefined ? [] : await changesBetween(db, id, reach, limit);
    changes.push(...rows.map((row) => toChange({ ...row, branch })));
  }
  return changes.toSorted((a, b) => b.seenAt - a.seenAt || b.id - a.id).slice(0, limit);
}

async function listBranchChanges(
  db: Kysely<Database>,
  branch: string,
  { limit, cursor }: PageAsk,
): Promise<Page<ApiChange>> {
  const after = decodeCursor(cursor, ['number']);
  const row = await branchByName(db, branch);
  if (row === undefined) return { items: [], next: null };
  let query = changeRows(db)
    .where('change.branch_id', '=', row.id)
    .orderBy('change.position', 'desc')
    .limit(limit + 1);
  if (after) query = query.where('change.position', '<', after[0]);
  const page = toPage(await query.execute(), limit, (change) => [change.position]);
  return { items: page.items.map(toChange), next: page.next };
}

// A left join can't be turned round: the planner has to begin at the changes.
function changeRows(db: Kysely<Database>) {
  return db
    .selectFrom('change')
    .leftJoin('branch', 'branch.id', 'change.branch_id')
    .selectAll('change')
    .select((eb) => eb.fn.coalesce('branch.name', eb.val('')).as('branch'));
}

function toChangePage(rows: readonly ChangeRow[], limit: number): Page<ApiChange> {
  const page = toPage(rows, limit, (row) => [row.id]);
  return { items: page.items.map(toChange), next: page.next };
}

function toChange(row: ChangeRow): ApiChange {
  return {
    id: row.id,
    branch: row.branch,
    position: row.position,
    commit: row.commit_hash,
    parent: row.parent_hash,
    author: { name: row.author_name, email: row.author_email },
    authoredAt: row.authored_at,
    committer: { name: row.committer_name, email: row.committer_email },
    committedAt: row.committed_at,
    seenAt: row.seen_at,
    subject: row.subject,
    message: row.message,
    files: JSON.parse(row.files_json) as string[],
  };
}
