import type { BuilderFacts } from '@weir/model';
import { runtimeBuilderName, runtimeKey } from '@weir/model';
import type { RuntimeKey } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { dropRuntime, runtimesOf } from '../store/runtimes.ts';
import type { Database } from '../store/schema.ts';

/**
 * Makes the store say what a worker really keeps: what it does not have any more is dropped; what
 * this farm never saw it build does not count. Runs in a unit. The keys of what is kept and of what
 * failed there.
 */
export async function reconcileRuntimes(
  db: Kysely<Database>,
  workerId: number,
  inventory: readonly RuntimeKey[],
  builders: ReadonlyMap<number, BuilderFacts>,
): Promise<{ kept: Set<string>; failed: Set<string> }> {
  const here = new Set<string>();
  for (const runtime of inventory) {
    const builderId = runtimeBuilderId(runtime, builders);
    if (builderId !== undefined) here.add(runtimeKey(builderId, runtime.commit));
  }
  const kept = new Set<string>();
  const failed = new Set<string>();
  for (const row of await runtimesOf(db, workerId)) {
    const key = runtimeKey(row.builder_id, row.commit_hash);
    if (row.state === 'failed') failed.add(key);
    else if (here.has(key)) kept.add(key);
    else await dropRuntime(db, { workerId, builderId: row.builder_id, commit: row.commit_hash });
  }
  return { kept, failed };
}

/** The id of the runtime's builder; undefined when the farm file has none for it. */
export function runtimeBuilderId(
  runtime: RuntimeKey,
  builders: ReadonlyMap<number, BuilderFacts>,
): number | undefined {
  const name = runtimeBuilderName(runtime);
  for (const builder of builders.values()) {
    if (builder.name === name) return builder.id;
  }
  return undefined;
}
