import { planOf } from '@weir/model';
import type { ApiVersionDifference, FarmFiles } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { differenceOf } from '../../farm/difference.ts';
import type { FarmOptions } from '../../farm/farm-source.ts';
import { readFarmFiles } from '../../farm/read-farm-file.ts';
import { farmVersionById, filesOfVersion } from '../../store/farm-versions.ts';
import type { Database } from '../../store/schema.ts';

const nothing: FarmFiles = { path: '', text: '', included: [] };

/**
 * What is between two versions of the farm file.
 *
 * @param from 0: nothing, for what the first version brought
 */
export async function readVersionDifference(
  db: Kysely<Database>,
  options: FarmOptions,
  { from, to }: { from: number; to: number },
): Promise<ApiVersionDifference | undefined> {
  const young = await farmVersionById(db, to);
  const old = await farmVersionById(db, from);
  if (young === undefined || (old === undefined && from !== 0)) return undefined;
  const before = old === undefined ? nothing : filesOfVersion(old);
  const after = filesOfVersion(young);
  const text = differenceOf(
    { name: `version ${from}`, files: before },
    { name: `version ${to}`, files: after },
  );
  const [was, is] = [
    old === undefined ? null : await readFarmFiles(before, options),
    await readFarmFiles(after, options),
  ];
  const broken = was?.ok === false ? from : is.ok ? null : to;
  if (broken !== null || !is.ok) {
    const because = `this Weir can't read version ${broken} any more`;
    return { from, to, plan: null, because, text };
  }
  const plan = planOf(was?.ok === true ? was.farm : null, is.farm);
  return { from, to, plan, because: null, text };
}
