import type { ApiBuildResolved } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { KeptFile, ResolvedTexts } from '../../builds/objects/resolved-texts.ts';
import { resolvedHash } from '../../builds/resolved-hash.ts';
import { greenBefore, resolvedOf } from '../../store/resolved.ts';
import type { ResolvedRow } from '../../store/resolved.ts';
import type { Database } from '../../store/schema.ts';

export interface ResolvedSources {
  readonly db: Kysely<Database>;
  readonly resolved: ResolvedTexts;
}

/** What the dependencies of a build came to, and how that differs from the last green build before it. */
export async function readResolved(
  { db, resolved }: ResolvedSources,
  build: { readonly id: number; readonly number: number; readonly builder_id: number },
): Promise<ApiBuildResolved | null> {
  const rows = await resolvedOf(db, build.id);
  if (rows.length === 0) return null;
  const files = rows.map(({ step, path, sha256, bytes, text, dropped_at: droppedAt }) => {
    return { step, path, sha256, bytes, text, droppedAt };
  });
  const kept = keptOf(rows);
  const sha256 = resolvedHash(kept);
  const nothing = { sha256, files, base: null, difference: null, because: '' };
  const green = sha256 === null ? undefined : await greenBefore(db, build);
  if (green === undefined) return nothing;
  const rowsBefore = await resolvedOf(db, green.id);
  const before = keptOf(rowsBefore);
  const hashBefore = resolvedHash(before);
  if (hashBefore === null) return nothing;
  const base = { ...green, sha256: hashBefore };
  if (hashBefore === sha256) return { ...nothing, base, difference: '' };
  const dropped = [...rowsBefore, ...rows].some(({ dropped_at: at }) => at !== null);
  if (dropped) {
    return { ...nothing, base, because: 'their bytes are older than the farm keeps them' };
  }
  const { text: difference, because } = await resolved.difference(
    { name: `#${green.number}`, files: before },
    { name: `#${build.number}`, files: kept },
  );
  return { sha256, files, base, difference, because };
}

function keptOf(rows: readonly ResolvedRow[]): KeptFile[] {
  return rows.flatMap(({ path, sha256, bytes }) =>
    sha256 === null || bytes === null ? [] : [{ path, sha256, bytes }],
  );
}
