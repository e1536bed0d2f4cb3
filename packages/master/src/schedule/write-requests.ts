import type { BuilderFacts, Farm, PinnedCommits, RequestDraft, Trigger } from '@weir/model';
import { requestsFor, superseded, trunkName } from '@weir/model';
import type { Kysely } from 'kysely';
import { headsOf } from '../store/branches.ts';
import type { NewEvent } from '../store/events.ts';
import { recordEvents } from '../store/events.ts';
import type { RequestRow } from '../store/requests.ts';
import { askForBuild, cancelRequest, toWaiting, waitingRequests } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import { branchInForce, changesAfter } from './unscheduled.ts';

export interface Written {
  readonly requests: readonly RequestRow[];
  /** Ids of requests that wait no more: superseded. */
  readonly gone: readonly number[];
}

/**
 * Writes the requests that a stable branch asks for, moves the branch on and lets the new requests
 * supersede older ones. Runs in a unit.
 */
export async function writeRequests(
  db: Kysely<Database>,
  stable: {
    branch: string;
    upTo: number;
    farm: Farm;
    builders: ReadonlyMap<number, BuilderFacts>;
    at: number;
  },
): Promise<Written> {
  const { farm, builders, at } = stable;
  const branch = await branchInForce(db, stable.branch);
  if (branch === undefined || branch.scheduled_position >= stable.upTo) {
    return { requests: [], gone: [] };
  }
  const changes = (await changesAfter(db, branch)).filter(
    ({ position }) => position <= stable.upTo,
  );
  const newest = changes.at(-1);
  if (newest === undefined) return { requests: [], gone: [] };
  const revision = { commit: newest.commit_hash, position: newest.position };
  const trigger =
    branch.kind === 'trunk'
      ? ({ kind: 'trunk', name: branch.name, revision } as const)
      : ({
          kind: 'project',
          name: branch.name,
          revision,
          files: changes.map((change) => JSON.parse(change.files_json) as string[]),
          isBaseline: branch.scheduled_position === 0,
        } as const);
  const drafts = requestsFor(trigger, {
    farm,
    heads: await headsOf(db),
    newestRequests: await newestRequests(db, askedBy(trigger, builders)),
  });
  const ids = new Map([...builders.values()].map(({ name, id }) => [name, id]));
  const reasonText = reasonOf(stable.branch, changes.length, newest);
  const requests: RequestRow[] = [];
  for (const draft of drafts) {
    const builderId = ids.get(draft.builder);
    if (builderId !== undefined) {
      requests.push(await writeDraft(db, { ...draft, builderId, reasonText, at }));
    }
  }
  await db
    .updateTable('branch')
    .set({ scheduled_position: stable.upTo })
    .where('id', '=', branch.id)
    .execute();
  const gone = new Set(await supersede(db, builders, at));
  return { requests: requests.filter(({ id }) => !gone.has(id)), gone: [...gone] };
}

/** Those that a branch may ask for: what a change costs is not the size of the farm. */
function askedBy(
  { kind, name }: Pick<Trigger, 'kind' | 'name'>,
  builders: ReadonlyMap<number, BuilderFacts>,
): BuilderFacts[] {
  return [...builders.values()].filter(({ upstream, trunk, project }) =>
    kind === 'trunk' ? trunkName(upstream, trunk) === name : project === name,
  );
}

function reasonOf(
  branch: string,
  count: number,
  newest: { commit_hash: string; subject: string },
): string {
  const what = count === 1 ? 'a change' : `${count} changes`;
  return `${what} on ${branch}, up to ${newest.commit_hash.slice(0, 10)} ${newest.subject}`.slice(
    0,
    500,
  );
}

function writeDraft(
  db: Kysely<Database>,
  draft: RequestDraft & { builderId: number; reasonText: string; at: number },
): Promise<RequestRow> {
  return askForBuild(db, draft.builder, {
    builderId: draft.builderId,
    reason: draft.reason,
    reasonText: draft.reasonText,
    requestedBy: 'engine',
    upstreamCommit: draft.upstream.commit,
    upstreamPosition: draft.upstream.position,
    projectCommit: draft.project?.commit ?? null,
    projectPosition: draft.project?.position ?? null,
    createdAt: draft.at,
  });
}

/** Newer waiting requests cover older ones of the same builder. */
export async function supersede(
  db: Kysely<Database>,
  builders: ReadonlyMap<number, BuilderFacts>,
  at: number,
): Promise<number[]> {
  const waiting = await waitingRequests(db);
  const covered = superseded(waiting.map(toWaiting), builders);
  const builderOf = new Map(waiting.map((row) => [row.id, builders.get(row.builder_id)?.name]));
  const events: NewEvent[] = [];
  for (const { request, by } of covered) {
    await cancelRequest(db, request, { at, supersededBy: by });
    const data = { builder: builderOf.get(request), by };
    const subject = `request/${request}`;
    events.push({ at, kind: 'request.superseded', actor: 'engine', subject, data });
  }
  await recordEvents(db, events);
  return covered.map(({ request }) => request);
}

async function newestRequests(
  db: Kysely<Database>,
  builders: readonly BuilderFacts[],
): Promise<Map<string, PinnedCommits>> {
  const newest = new Map<string, PinnedCommits>();
  for (const { id, name } of builders) {
    const row = await db
      .selectFrom('request')
      .select(['upstream_commit', 'project_commit'])
      .where('builder_id', '=', id)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row) newest.set(name, { upstream: row.upstream_commit, project: row.project_commit });
  }
  return newest;
}
