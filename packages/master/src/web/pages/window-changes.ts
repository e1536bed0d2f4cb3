import type { ApiBuildSummary, ApiBuilder, ApiChange } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Database } from '../../store/schema.ts';
import { newestChangesOf } from '../read/changes.ts';

/** A page shows so many changes at most. */
const maxChanges = 60;

/**
 * The changes that belong beside these builds: of each branch, from the oldest revision that one of
 * them has on; up to the newest of all where the window is the newest.
 */
export async function readWindowChanges(
  db: Kysely<Database>,
  builders: readonly ApiBuilder[],
  builds: readonly ApiBuildSummary[],
  isNewest: boolean,
): Promise<ApiChange[]> {
  const positions = await positionsOf(db, builds);
  const branches = new Set(builders.flatMap((builder) => branchesOf(builder)));
  const reaches = new Map<string, { after: number; upTo: number }>();
  for (const branch of branches) {
    const own = positions.get(branch);
    if (own === undefined && !isNewest) continue;
    const after = own === undefined ? 0 : Math.min(...own) - 1;
    const upTo = isNewest ? Number.MAX_SAFE_INTEGER : Math.max(...(own ?? []));
    reaches.set(branch, { after, upTo });
  }
  return newestChangesOf(db, reaches, maxChanges);
}

function branchesOf(builder: Pick<ApiBuilder, 'upstream' | 'trunk' | 'project'>): string[] {
  const trunk = `${builder.upstream}/${builder.trunk}`;
  return builder.project === null ? [trunk] : [trunk, builder.project];
}

/** Where the revisions of the builds are on their branches. */
async function positionsOf(
  db: Kysely<Database>,
  builds: readonly ApiBuildSummary[],
): Promise<Map<string, number[]>> {
  const positions = new Map<string, number[]>();
  if (builds.length === 0) return positions;
  const rows = await db
    .selectFrom('request')
    .innerJoin('builder', 'builder.id', 'request.builder_id')
    .select(['upstream', 'trunk', 'project', 'upstream_position', 'project_position'])
    .where(
      'request.id',
      'in',
      builds.map(({ request }) => request),
    )
    .execute();
  for (const row of rows) {
    const [trunk = '', project = ''] = branchesOf(row);
    add(positions, trunk, row.upstream_position);
    add(positions, project, row.project_position);
  }
  return positions;
}

function add(positions: Map<string, number[]>, branch: string, position: number | null): void {
  if (position === null) return;
  const known = positions.get(branch);
  if (known === undefined) positions.set(branch, [position]);
  else known.push(position);
}
