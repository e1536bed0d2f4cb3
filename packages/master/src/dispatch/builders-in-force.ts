import type { BuilderFacts, Farm } from '@weir/model';
import { buildersOf, runtimeBuilderName } from '@weir/model';
import type { Kysely } from 'kysely';
import { breakagesByBuilder } from '../store/breakages.ts';
import type { BuilderRow } from '../store/builders.ts';
import { activeBuilders, builderById } from '../store/builders.ts';
import { buildById } from '../store/builds.ts';
import type { Database } from '../store/schema.ts';

/** The builders of the farm file in force, with what the store knows of them: a copy, read anew when it changes. */
export async function loadBuilders(
  db: Kysely<Database>,
  farm: Farm,
): Promise<Map<number, BuilderFacts>> {
  const breakages = await breakagesByBuilder(db);
  const rows = new Map((await activeBuilders(db)).map((row) => [row.name, row]));
  const facts = new Map<number, BuilderFacts>();
  for (const builder of buildersOf(farm)) {
    const row = rows.get(builder.name);
    const runtime = rows.get(runtimeBuilderName(builder));
    if (row === undefined || runtime === undefined) {
      throw new Error(`builder ${builder.name} has no row`);
    }
    const head = await headOf(db, row);
    facts.set(row.id, {
      ...builder,
      id: row.id,
      runtimeBuilderId: runtime.id,
      breakages: breakages.get(row.id) ?? 0,
      ...head,
    });
  }
  return facts;
}

/** One of them, read anew. */
export async function loadBuilder(
  db: Kysely<Database>,
  builder: BuilderFacts,
): Promise<BuilderFacts> {
  const row = await builderById(db, builder.id);
  if (row === undefined) return builder;
  const head = await headOf(db, row);
  // Counted on here; all are counted when a farm file comes into force.
  const isBroken = builder.verdict === 'green' && head.verdict === 'red';
  return { ...builder, ...head, breakages: builder.breakages + (isBroken ? 1 : 0) };
}

async function headOf(
  db: Kysely<Database>,
  row: BuilderRow,
): Promise<Pick<BuilderFacts, 'paused' | 'verdict' | 'lastDurationMs' | 'lastFinishedAt'>> {
  const last = row.last_build_id === null ? undefined : await buildById(db, row.last_build_id);
  const finishedAt = last?.finished_at ?? null;
  return {
    paused: row.paused_by === null ? null : { by: row.paused_by, reason: row.paused_reason ?? '' },
    verdict: row.verdict,
    lastDurationMs: last && finishedAt !== null ? finishedAt - last.started_at : null,
    lastFinishedAt: finishedAt,
  };
}
