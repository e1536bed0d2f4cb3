import { planOf } from '@weir/model';
import type { ApiPlanAnswer, FarmFiles } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmFacts } from '../../command.ts';
import { differenceOf } from '../../farm/difference.ts';
import { errorCount } from '../../farm/farm-file-error.ts';
import { wholeText } from '../../farm/farm-files.ts';
import { readFarmFiles } from '../../farm/read-farm-file.ts';
import { farmVersionById, filesOfVersion } from '../../store/farm-versions.ts';
import type { Database } from '../../store/schema.ts';
import { underWayByBuilder } from '../../store/under-way.ts';
import { problem } from '../server/problems.ts';

/**
 * What a farm file (or an older version of it, by number) would change now.
 *
 * @throws ProblemError when there is no such version, or it can't be read
 */
export async function readPlan(
  db: Kysely<Database>,
  farm: FarmFacts,
  file: FarmFiles | number,
): Promise<ApiPlanAnswer> {
  const files = typeof file === 'number' ? await filesOf(db, file) : file;
  const reading = await readFarmFiles(files, farm.farmOptions);
  if (!reading.ok) {
    const { errors } = reading;
    throw typeof file === 'number'
      ? problem('version-unreadable', `this Weir can't read version ${file} any more`, { errors })
      : problem('bad-farm-file', `the farm file has ${errorCount(errors)}`, { errors });
  }
  const inForce = await filesOf(db, farm.version);
  return {
    against: farm.version,
    isSame: wholeText(inForce) === wholeText(files),
    plan: planOf(farm.file, reading.farm, await underWayByBuilder(db)),
    text: differenceOf(
      { name: `version ${farm.version}`, files: inForce },
      { name: typeof file === 'number' ? `version ${file}` : 'as sent', files },
    ),
  };
}

async function filesOf(db: Kysely<Database>, version: number): Promise<FarmFiles> {
  const row = await farmVersionById(db, version);
  if (row !== undefined) return filesOfVersion(row);
  throw problem('no-such-version', `there is no version ${version} of the farm file`);
}
