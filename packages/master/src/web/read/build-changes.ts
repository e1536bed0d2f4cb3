import { isConclusive, trunkName } from '@weir/model';
import type { ApiChange } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { builderById } from '../../store/builders.ts';
import type { BuildRow } from '../../store/builds.ts';
import { requestById } from '../../store/requests.ts';
import type { Database } from '../../store/schema.ts';
import { readChangesBetween } from './changes.ts';

const maxChanges = 100;
/** Builds before this one that are looked at for one which tells what was built already. */
const maxPrevious = 50;

/**
 * The changes that a build is the first of its builder to contain, newest first: those of the trunk
 * and of the project after the last build with a conclusive result. For the first build of a
 * builder that is the one change it was pinned to.
 */
export async function readBuildChanges(
  db: Kysely<Database>,
  build: BuildRow,
): Promise<ApiChange[]> {
  const request = await requestById(db, build.request_id);
  const builder = await builderById(db, build.builder_id);
  if (request === undefined || builder === undefined) return [];
  const before = await previousPositions(db, build);
  const changes = await changesUpTo(db, trunkName(builder.upstream, builder.trunk), {
    after: before?.upstream,
    upTo: request.upstream_position,
  });
  if (builder.project !== null && request.project_position !== null) {
    changes.push(
      ...(await changesUpTo(db, builder.project, {
        after: before?.project ?? undefined,
        upTo: request.project_position,
      })),
    );
  }
  return changes.toSorted((a, b) => b.seenAt - a.seenAt || b.id - a.id).slice(0, maxChanges);
}

function changesUpTo(
  db: Kysely<Database>,
  branch: string,
  { after, upTo }: { after: number | undefined; upTo: number },
): Promise<ApiChange[]> {
  return readChangesBetween(db, branch, { after: after ?? upTo - 1, upTo, limit: maxChanges });
}

async function previousPositions(
  db: Kysely<Database>,
  build: BuildRow,
): Promise<{ upstream: number; project: number | null } | undefined> {
  const rows = await db
    .selectFrom('build')
    .select(['request_id', 'result'])
    .where('builder_id', '=', build.builder_id)
    .where('number', '<', build.number)
    .orderBy('number', 'desc')
    .limit(maxPrevious)
    .execute();
  const previous = rows.find(
    ({ request_id, result }) =>
      request_id !== build.request_id && result !== null && isConclusive(result),
  );
  const request = previous && (await requestById(db, previous.request_id));
  return request && { upstream: request.upstream_position, project: request.project_position };
}
