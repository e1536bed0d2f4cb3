import { runtimeBuilderName } from '@weir/model';
import type { ApiSpec, RuntimeKey, ToldSpec } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { toldSpec } from '../../builds/told-spec.ts';
import { builderByName } from '../../store/builders.ts';
import type { Database } from '../../store/schema.ts';

/** What the worker of a build was told. Undefined: there is no such build; null: it is not kept. */
export async function readSpec(
  db: Kysely<Database>,
  id: number,
): Promise<ApiSpec | null | undefined> {
  const told = await readTold(db, id);
  if (!told) return told;
  const { spec, labels, shares, build } = told;
  const runtime = spec.kind === 'project' ? await readMaker(db, build, spec.runtime) : null;
  return { spec, labels: [...labels], shares, runtime };
}

interface Ran {
  readonly id: number;
  readonly worker_id: number;
  readonly runtime_sha256: string | null;
}

async function readTold(
  db: Kysely<Database>,
  id: number,
): Promise<(ReturnType<typeof toldSpec> & { build: Ran }) | null | undefined> {
  const build = await db
    .selectFrom('build')
    .innerJoin('builder', 'builder.id', 'build.builder_id')
    .select(['build.id', 'build.number', 'build.worker_id', 'build.runtime_sha256'])
    .select(['build.spec_json', 'builder.name as builder'])
    .where('build.id', '=', id)
    .executeTakeFirst();
  const { spec_json: kept } = build ?? {};
  if (build === undefined || typeof kept !== 'string') return build && null;
  const steps = await db
    .selectFrom('step')
    .select(['name', 'run'])
    .where('build_id', '=', id)
    .orderBy('step')
    .execute();
  const { builder } = build;
  return { ...toldSpec({ build: { ...build, spec_json: kept }, builder, steps }), build };
}

/**
 * Of the build that made the runtime which a project was run with: one whose artifact that is, or
 * where runtimes are not shared the last one before it on the same worker.
 */
async function readMaker(
  db: Kysely<Database>,
  ran: Ran,
  runtime: RuntimeKey,
): Promise<ToldSpec | null> {
  const builder = await builderByName(db, runtimeBuilderName(runtime));
  if (builder === undefined) return null;
  const { runtime_sha256: sha256 } = ran;
  let makers = db
    .selectFrom('request')
    .innerJoin('build', 'build.request_id', 'request.id')
    .select('build.id')
    .where('request.builder_id', '=', builder.id)
    .where('request.upstream_commit', '=', runtime.commit)
    .where('build.result', 'in', ['success', 'warnings'])
    // Written so that the index of requests is used: of one commit there are few.
    .orderBy(sql`+build.id`, 'desc');
  makers =
    sha256 === null
      ? makers.where('build.worker_id', '=', ran.worker_id).where('build.id', '<', ran.id)
      : makers
          .innerJoin('artifact', 'artifact.build_id', 'build.id')
          .where('artifact.sha256', '=', sha256);
  const maker = await makers.limit(1).executeTakeFirst();
  return (maker && (await readTold(db, maker.id)))?.spec ?? null;
}
