import type { BuilderFacts, Revision } from '@weir/model';
import { trunkName } from '@weir/model';
import type { Kysely } from 'kysely';
import type { Command } from '../command.ts';
import { CommandError } from '../command.ts';
import { headsOf } from '../store/branches.ts';
import { buildById } from '../store/builds.ts';
import type { RequestRow } from '../store/requests.ts';
import { askForBuild, requestById } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';

type Force = Extract<Command, { t: 'force' }>;

/** A person wants a build now. Runs in a unit. @throws CommandError when it names what is not there */
export async function force(
  db: Kysely<Database>,
  command: Force,
  by: { actor: string; builder: BuilderFacts | undefined; at: number },
): Promise<RequestRow> {
  const { builder } = by;
  if (builder === undefined) {
    throw new CommandError(404, 'no-such-builder', `there is no builder ${command.builder}`);
  }
  const trunk = trunkName(builder.upstream, builder.trunk);
  const branches = builder.project === null ? [trunk] : [trunk, builder.project];
  const heads = await headsOf(db, branches);
  const upstream = await pin(db, trunk, command.upstream, heads);
  const isFollowed = builder.project !== null && heads.has(builder.project);
  const project = isFollowed ? await pin(db, builder.project, command.project, heads) : null;
  if (builder.project !== null && !isFollowed && (await hasBranch(db, builder.project))) {
    throw new CommandError(409, 'no-change-yet', `no change of ${builder.project} is known yet`);
  }
  return askForBuild(db, builder.name, {
    builderId: builder.id,
    reason: 'forced',
    reasonText: command.reason,
    requestedBy: by.actor,
    upstreamCommit: upstream.commit,
    upstreamPosition: upstream.position,
    projectCommit: project?.commit ?? null,
    projectPosition: project?.position ?? null,
    createdAt: by.at,
  });
}

/** A person wants the same revisions built once more. Runs in a unit. @throws CommandError */
export async function again(
  db: Kysely<Database>,
  command: Extract<Command, { t: 'again' }>,
  by: { actor: string; builders: ReadonlyMap<number, BuilderFacts>; at: number },
): Promise<RequestRow> {
  const build = await buildById(db, command.build);
  const request = build && (await requestById(db, build.request_id));
  if (request === undefined) {
    throw new CommandError(404, 'no-such-build', `there is no build ${command.build}`);
  }
  const builder = by.builders.get(request.builder_id);
  if (builder === undefined) {
    throw new CommandError(
      409,
      'no-such-builder',
      'the farm file does not name its builder any more',
    );
  }
  return askForBuild(db, builder.name, {
    builderId: builder.id,
    reason: 'again',
    reasonText: command.reason,
    requestedBy: by.actor,
    upstreamCommit: request.upstream_commit,
    upstreamPosition: request.upstream_position,
    projectCommit: request.project_commit,
    projectPosition: request.project_position,
    createdAt: by.at,
  });
}

/** The commit that a person named, or the branch's newest known change. */
async function pin(
  db: Kysely<Database>,
  branch: string,
  commit: string | undefined,
  heads: ReadonlyMap<string, Revision>,
): Promise<Revision> {
  const head = heads.get(branch);
  if (head === undefined) {
    throw new CommandError(409, 'no-change-yet', `no change of ${branch} is known yet`);
  }
  if (commit === undefined) return head;
  if (!/^[0-9a-f]{4,64}$/.test(commit)) {
    throw new CommandError(
      400,
      'bad-commit',
      `'${commit}' is no commit hash: 4 to 64 hexadecimal digits`,
    );
  }
  const rows = await db
    .selectFrom('change')
    .innerJoin('branch', 'branch.id', 'change.branch_id')
    .select(['change.commit_hash', 'change.position'])
    .where('branch.name', '=', branch)
    .where('change.commit_hash', '>=', commit)
    .where('change.commit_hash', '<', `${commit}g`)
    .orderBy('change.position', 'desc')
    .limit(2)
    .execute();
  const [found, other] = rows;
  if (found === undefined) {
    throw new CommandError(
      404,
      'no-such-change',
      `no known change of ${branch} begins with ${commit}`,
    );
  }
  if (other !== undefined && other.commit_hash !== found.commit_hash) {
    throw new CommandError(
      409,
      'ambiguous-commit',
      `several changes of ${branch} begin with ${commit}`,
    );
  }
  return { commit: found.commit_hash, position: found.position };
}

async function hasBranch(db: Kysely<Database>, name: string): Promise<boolean> {
  const row = await db
    .selectFrom('branch')
    .select('id')
    .where('name', '=', name)
    .where('active', '=', 1)
    .executeTakeFirst();
  return row !== undefined;
}
