import type { Standing } from '@weir/model';
import type { Kysely } from 'kysely';
import type { BreakageBuilderRow, SuspicionRow } from '../store/breakages.ts';
import { openMemberOf, suspicionOf } from '../store/breakages.ts';
import type { RequestRow } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';

/** Where a build stood on the branches that it was made of. */
export interface Place {
  readonly upstream: number;
  readonly project: number | null;
}

/** What is held against a builder. */
export interface Held {
  readonly standing: Standing;
  readonly suspicion: SuspicionRow | undefined;
  readonly member: BreakageBuilderRow | undefined;
  /** Its newest green build before the one that is judged. */
  readonly greenBuildId: number | null;
  /** The place that the builder is judged by; undefined when it was never green. */
  readonly place: Place | undefined;
}

export async function heldAgainst(
  db: Kysely<Database>,
  builderId: number,
  greenBuildId: number | null,
): Promise<Held> {
  const member = await openMemberOf(db, builderId);
  if (member !== undefined) {
    // Between the first red and the run that confirmed it, one may have been green by chance.
    const place = placeOf(await requestOfBuild(db, member.confirm_build_id));
    return { standing: 'broken', suspicion: undefined, member, greenBuildId, place };
  }
  const suspicion = await suspicionOf(db, builderId);
  if (suspicion !== undefined) {
    const place = placeOf(await requestOfBuild(db, suspicion.red_build_id));
    return { standing: 'suspected', suspicion, member, greenBuildId, place };
  }
  const green = greenBuildId === null ? undefined : await requestOfBuild(db, greenBuildId);
  const place = green && placeOf(green);
  return { standing: 'none', suspicion, member, greenBuildId, place };
}

/** @throws Error when the build or its request is gone, which no build does that a row names */
export async function requestOfBuild(db: Kysely<Database>, buildId: number): Promise<RequestRow> {
  return db
    .selectFrom('request')
    .innerJoin('build', 'build.request_id', 'request.id')
    .selectAll('request')
    .where('build.id', '=', buildId)
    .executeTakeFirstOrThrow();
}

export function placeOf(request: RequestRow): Place {
  return { upstream: request.upstream_position, project: request.project_position };
}

/** Whether a place lies before another on one of the two branches. */
export function isBefore(place: Place, other: Place): boolean {
  if (place.upstream < other.upstream) return true;
  return place.project !== null && other.project !== null && place.project < other.project;
}
