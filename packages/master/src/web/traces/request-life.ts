import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { BuildTable, RequestTable, StepTable } from '../../store/schema/build.ts';
import type { ArtifactTable } from '../../store/schema/runtime.ts';

/** What the store says of a request that has ended. */
export interface RequestLife {
  readonly request: Selectable<RequestTable> & { readonly builder: string };
  /** Its tries, oldest first. */
  readonly builds: readonly BuildLife[];
}

export type BuildLife = Selectable<BuildTable> & {
  readonly worker: string;
  readonly steps: readonly Selectable<StepTable>[];
  readonly artifact: Pick<Selectable<ArtifactTable>, 'sha256' | 'bytes' | 'made_at'> | undefined;
};

/** Undefined while it waits or runs. */
export async function readRequestLife(
  db: Kysely<Database>,
  id: number,
): Promise<RequestLife | undefined> {
  const request = await db
    .selectFrom('request')
    .innerJoin('builder', 'builder.id', 'request.builder_id')
    .selectAll('request')
    .select('builder.name as builder')
    .where('request.id', '=', id)
    .executeTakeFirst();
  if (request === undefined || request.finished_at === null) return undefined;
  const builds = await db
    .selectFrom('build')
    .innerJoin('worker', 'worker.id', 'build.worker_id')
    .selectAll('build')
    .select('worker.name as worker')
    .where('build.request_id', '=', id)
    .orderBy('build.id')
    .execute();
  if (builds.length === 0) return { request, builds: [] };
  const ids = builds.map((build) => build.id);
  const steps = await db
    .selectFrom('step')
    .selectAll()
    .where('build_id', 'in', ids)
    .orderBy('build_id')
    .orderBy('step')
    .execute();
  const artifacts = await db
    .selectFrom('artifact')
    .select(['build_id', 'sha256', 'bytes', 'made_at'])
    .where('build_id', 'in', ids)
    .execute();
  return {
    request,
    builds: builds.map((build) => ({
      ...build,
      steps: steps.filter((step) => step.build_id === build.id),
      artifact: artifacts.find((each) => each.build_id === build.id),
    })),
  };
}
