import type { Kysely } from 'kysely';
import type { BuilderRow } from '../store/builders.ts';
import type { RequestRow } from '../store/requests.ts';
import { askForBuild } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';

/**
 * A runtime that had failed is there after all: the project requests that were skipped for want of
 * it are asked for again, unless a newer one of their builder covers them. Runs in a unit; what it
 * wrote.
 */
export async function reviveSkipped(
  db: Kysely<Database>,
  runtime: BuilderRow,
  commit: string,
  at: number,
): Promise<RequestRow[]> {
  const { upstream, trunk, platform } = runtime;
  const builders = await db
    .selectFrom('builder')
    .select(['id', 'name'])
    .where('active', '=', 1)
    .where('kind', '=', 'project')
    .where('upstream', '=', upstream)
    .where('trunk', '=', trunk)
    .where('platform', '=', platform)
    .execute();
  const revived: RequestRow[] = [];
  for (const { id, name } of builders) {
    const newest = await newestRequest(db, id);
    if (newest?.finding !== 'runtime-failed' || newest.upstream_commit !== commit) continue;
    revived.push(await revive(db, newest, name, at));
  }
  return revived;
}

function newestRequest(db: Kysely<Database>, builderId: number): Promise<RequestRow | undefined> {
  return db
    .selectFrom('request')
    .selectAll()
    .where('builder_id', '=', builderId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function revive(
  db: Kysely<Database>,
  skipped: RequestRow,
  builder: string,
  at: number,
): Promise<RequestRow> {
  return askForBuild(db, builder, {
    builderId: skipped.builder_id,
    reason: skipped.reason,
    reasonText: skipped.reason_text,
    requestedBy: 'engine',
    upstreamCommit: skipped.upstream_commit,
    upstreamPosition: skipped.upstream_position,
    projectCommit: skipped.project_commit,
    projectPosition: skipped.project_position,
    createdAt: at,
  });
}
