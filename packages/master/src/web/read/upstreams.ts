import { treeStatus, trunkName } from '@weir/model';
import type { ApiBranch, ApiUpstream } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import type { BuilderRow } from '../../store/builders.ts';
import { activeBuilders } from '../../store/builders.ts';
import type { Database } from '../../store/schema.ts';
import { listBranches } from './branches.ts';

/** Every upstream that the farm file names, in its order, with the tree status of each trunk. */
export async function listUpstreams(
  db: Kysely<Database>,
  rules: FarmRules,
  now: number,
): Promise<ApiUpstream[]> {
  const branches = new Map((await listBranches(db, rules, now)).map((row) => [row.name, row]));
  const byUpstream = Map.groupBy(await activeBuilders(db), (builder) => builder.upstream);
  return [...byUpstream].map(([name, builders]) => toUpstream(name, builders, branches));
}

export async function readUpstream(
  db: Kysely<Database>,
  rules: FarmRules,
  name: string,
  now: number,
): Promise<ApiUpstream | undefined> {
  const upstreams = await listUpstreams(db, rules, now);
  return upstreams.find((upstream) => upstream.name === name);
}

function toUpstream(
  name: string,
  builders: readonly BuilderRow[],
  branches: ReadonlyMap<string, ApiBranch>,
): ApiUpstream {
  const byTrunk = Map.groupBy(builders, (builder) => builder.trunk);
  const trunks = [...byTrunk].flatMap(([trunk, ofTrunk]) => {
    const branch = branches.get(trunkName(name, trunk));
    // Builders and branches are written in one unit; between two reads one may be older.
    return branch === undefined ? [] : [{ name: trunk, branch, ...treeStatus(ofTrunk) }];
  });
  return { name, repository: trunks[0]?.branch.repository ?? '', trunks };
}
