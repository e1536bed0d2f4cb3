import type { Kysely } from 'kysely';
import type { MemberRow } from '../store/breakages.ts';
import type { Database } from '../store/schema.ts';

/**
 * Whether something that the same upstream commits may have broken still waits or runs: then a
 * breakage may yet grow.
 */
export async function isAnyUnsettled(
  db: Kysely<Database>,
  members: readonly MemberRow[],
): Promise<boolean> {
  const [first] = members;
  if (first === undefined) return false;
  const commits = [...new Set(members.map((member) => member.upstream_red))];
  const open = await db
    .selectFrom('builder')
    // A cross join can't be turned round: all requests of that state are far more.
    .crossJoin('request')
    .select('request.id')
    .whereRef('request.builder_id', '=', 'builder.id')
    .where('builder.upstream', '=', first.upstream)
    .where('builder.trunk', '=', first.trunk)
    .where('builder.active', '=', 1)
    .where('request.upstream_commit', 'in', commits)
    .where('request.state', 'in', ['waiting', 'claimed'])
    .limit(1)
    .executeTakeFirst();
  return open !== undefined;
}
