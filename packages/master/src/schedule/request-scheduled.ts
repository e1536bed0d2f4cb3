import type { BuilderFacts, Farm, Revision } from '@weir/model';
import { recurrenceName, trunkName } from '@weir/model';
import type { Kysely } from 'kysely';
import { headsOf } from '../store/branches.ts';
import type { RequestRow } from '../store/requests.ts';
import { askForBuild } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import type { Scheduled } from './scheduled.ts';
import { ownerOf } from './scheduled.ts';
import type { Written } from './write-requests.ts';
import { supersede } from './write-requests.ts';

/**
 * Asks for a build of each of a schedule's builders, at the newest known changes. A branch of which
 * no change is known yet is left out. Runs in a unit.
 */
export async function requestScheduled(
  db: Kysely<Database>,
  { owner, recurrence }: Scheduled,
  now: { farm: Farm; builders: ReadonlyMap<number, BuilderFacts>; at: number },
): Promise<Written> {
  const { farm, builders, at } = now;
  const heads = await headsOf(db);
  const requests: RequestRow[] = [];
  for (const builder of builders.values()) {
    if (ownerOf(builder) !== owner) continue;
    const pinned = pin(builder, farm, heads);
    if (pinned === null) continue;
    const request = await askForBuild(db, builder.name, {
      builderId: builder.id,
      reason: 'scheduled',
      reasonText: `by the clock: ${recurrenceName(recurrence)}`,
      requestedBy: 'engine',
      upstreamCommit: pinned.upstream.commit,
      upstreamPosition: pinned.upstream.position,
      projectCommit: pinned.project?.commit ?? null,
      projectPosition: pinned.project?.position ?? null,
      createdAt: at,
    });
    requests.push(request);
  }
  const gone = new Set(await supersede(db, builders, at));
  return { requests: requests.filter(({ id }) => !gone.has(id)), gone: [...gone] };
}

function pin(
  { upstream, trunk, project }: BuilderFacts,
  farm: Farm,
  heads: ReadonlyMap<string, Revision>,
): { upstream: Revision; project: Revision | null } | null {
  const trunkHead = heads.get(trunkName(upstream, trunk));
  if (trunkHead === undefined) return null;
  const repository = project === null ? null : (farm.projects.get(project)?.repository ?? null);
  if (project === null || repository === null) return { upstream: trunkHead, project: null };
  const head = heads.get(project);
  return head === undefined ? null : { upstream: trunkHead, project: head };
}
