import { trunkName, whyWaiting } from '@weir/model';
import type {
  ApiRequest,
  ApiTaken,
  RequestReason,
  RequestState,
  Result,
  Wait,
} from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import { headsOf } from '../../store/branches.ts';
import { builderByName } from '../../store/builders.ts';
import type { RequestRow } from '../../store/requests.ts';
import { isWaiting, requestById, toWaiting } from '../../store/requests.ts';
import type { Database } from '../../store/schema.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, encodeCursor, toPage } from './page.ts';
import { takenTries } from './taken.ts';
import type { Around } from './wait-facts.ts';
import { loadAround } from './wait-facts.ts';

export interface RequestFilter {
  readonly builder?: string | undefined;
  readonly state?: RequestState | undefined;
  readonly reason?: RequestReason | undefined;
  readonly result?: Result | undefined;
}

/** Rows looked at for one page when a filter has no index: the page may then be short, with more after it. */
const maxScanned = 2_000;

/** Requests, newest first; those that wait say why. */
export async function listRequests(
  db: Kysely<Database>,
  rules: FarmRules,
  ask: PageAsk & RequestFilter,
  now: number,
): Promise<Page<ApiRequest>> {
  const after = decodeCursor(ask.cursor, ['number'])?.[0] ?? Number.MAX_SAFE_INTEGER;
  const builder = ask.builder === undefined ? undefined : await builderByName(db, ask.builder);
  if (ask.builder !== undefined && builder === undefined) return { items: [], next: null };
  const scanned = await scan(db, ask, { builderId: builder?.id, after });
  const rows = scanned.filter(
    (row) =>
      (ask.state === undefined || ask.state === row.state) &&
      (ask.reason === undefined || ask.reason === row.reason) &&
      (ask.result === undefined || ask.result === row.result),
  );
  const page = toPage(rows, ask.limit, (row) => [row.id]);
  const last = scanned.length === maxScanned ? scanned.at(-1) : undefined;
  return {
    items: await toRequests(db, rules, page.items, now),
    next: page.next ?? (last === undefined ? null : encodeCursor([last.id])),
  };
}

export async function readRequest(
  db: Kysely<Database>,
  rules: FarmRules,
  id: number,
  now: number,
): Promise<ApiRequest | undefined> {
  const row = await requestById(db, id);
  if (row === undefined) return undefined;
  const [request] = await toRequests(db, rules, [row], now);
  return request;
}

/**
 * A request of a builder that is being written. What is around it is read meanwhile, as if it were for
 * the newest commit: it may be older than the request, but not older than this call.
 *
 * @throws whatever `written` rejects with
 */
export async function readWritten(
  db: Kysely<Database>,
  rules: FarmRules,
  { builder, written, now }: { builder: string; written: Promise<RequestRow>; now: () => number },
): Promise<ApiRequest> {
  const [row, guess] = await Promise.all([written, aroundNewest(db, rules, builder, now())]);
  const isRight = guess?.commit === row.upstream_commit;
  const around = isRight ? guess.around : await aroundOf(db, rules, [row], now());
  const wait = whyWaiting(toWaiting(row), { ...around, requests: [] });
  return toRequest(row, { builder, taken: [], wait });
}

async function aroundNewest(
  db: Kysely<Database>,
  rules: FarmRules,
  builder: string,
  now: number,
): Promise<{ commit: string; around: Around } | undefined> {
  const row = await builderByName(db, builder);
  if (row === undefined) return undefined;
  const trunk = trunkName(row.upstream, row.trunk);
  const commit = (await headsOf(db, [trunk])).get(trunk)?.commit;
  if (commit === undefined) return undefined;
  const around = await loadAround(db, rules, { builders: [row.id], commits: [commit] }, now);
  return { commit, around };
}

function aroundOf(
  db: Kysely<Database>,
  rules: FarmRules,
  requests: readonly RequestRow[],
  now: number,
): Promise<Around> {
  const builders = requests.map((request) => request.builder_id);
  const commits = requests.map((request) => request.upstream_commit);
  return loadAround(db, rules, { builders, commits }, now);
}

/** Why each of these waiting requests waits, by request. */
export async function waitsOf(
  db: Kysely<Database>,
  rules: FarmRules,
  requests: readonly RequestRow[],
  now: number,
): Promise<Map<number, Wait>> {
  const waiting = requests.filter((request) => request.state === 'waiting');
  if (waiting.length === 0) return new Map();
  const asked = waiting.map(toWaiting);
  const facts = { ...(await aroundOf(db, rules, waiting, now)), requests: asked };
  return new Map(asked.map((request) => [request.id, whyWaiting(request, facts)]));
}

async function scan(
  db: Kysely<Database>,
  ask: PageAsk & RequestFilter,
  { builderId, after }: { builderId: number | undefined; after: number },
): Promise<RequestRow[]> {
  const isIndexed = ask.reason === undefined && ask.result === undefined && ask.state === undefined;
  let query = db.selectFrom('request').selectAll();
  if (builderId !== undefined) query = query.where('builder_id', '=', builderId);
  if (ask.state === 'waiting') {
    // No more than the queue is long: sorted here.
    const waiting = await query.where(isWaiting).execute();
    return waiting.filter((row) => row.id < after).toSorted((a, b) => b.id - a.id);
  }
  return query
    .where('id', '<', after)
    .orderBy('id', 'desc')
    .limit(isIndexed ? ask.limit + 1 : maxScanned)
    .execute();
}

async function toRequests(
  db: Kysely<Database>,
  rules: FarmRules,
  rows: readonly RequestRow[],
  now: number,
): Promise<ApiRequest[]> {
  if (rows.length === 0) return [];
  const waits = await waitsOf(db, rules, rows, now);
  const builders = await db
    .selectFrom('builder')
    .select(['id', 'name'])
    .where(
      'id',
      'in',
      rows.map((row) => row.builder_id),
    )
    .execute();
  const names = new Map(builders.map((builder) => [builder.id, builder.name]));
  const tried = rows.filter(({ attempts }) => attempts > 0);
  const taken = await takenTries(
    db,
    tried.map(({ id }) => id),
  );
  return rows.map((row) =>
    toRequest(row, {
      builder: names.get(row.builder_id) ?? '',
      taken: taken.get(row.id) ?? [],
      wait: waits.get(row.id) ?? null,
    }),
  );
}

function toRequest(
  row: RequestRow,
  known: { builder: string; taken: ApiTaken[]; wait: Wait | null },
): ApiRequest {
  return {
    id: row.id,
    builder: known.builder,
    state: row.state,
    reason: row.reason,
    reasonText: row.reason_text,
    requestedBy: row.requested_by,
    revisions: { upstream: row.upstream_commit, project: row.project_commit },
    createdAt: row.created_at,
    attempts: row.attempts,
    taken: known.taken,
    supersededBy: row.superseded_by,
    result: row.result,
    finding: row.finding,
    waits: known.wait,
  };
}
