import type { FarmFiles, VersionSource } from '@weir/protocol';
import type { Command, CommandAnswer } from '../command.ts';
import { CommandError } from '../command.ts';
import { farmVersionById, filesOfVersion } from '../store/farm-versions.ts';
import type { Store } from '../store/store.ts';
import type { FarmFileError } from './farm-file-error.ts';
import type { FarmOptions } from './farm-source.ts';
import type { Applied, FarmInForce } from './in-force.ts';
import { hasText } from './in-force.ts';
import type { FarmToApply } from './own-file.ts';
import { readFarmFiles } from './read-farm-file.ts';

export type FarmCommand = Extract<Command, { t: 'plan' | 'apply' }>;

export interface FarmCommandContext {
  readonly store: Store;
  readonly farmInForce: FarmInForce;
  readonly farmOptions: FarmOptions;
  apply(next: FarmToApply): Promise<Applied>;
}

/** Plans and applies what people send or name. @throws CommandError when it can't be done */
export async function runFarmCommand(
  context: FarmCommandContext,
  actor: string,
  command: FarmCommand,
): Promise<CommandAnswer> {
  const { farmInForce, farmOptions } = context;
  const files = await filesAsked(context, command.file);
  const reading = await readFarmFiles(files, farmOptions);
  if (!reading.ok) throw brokenFile(command.file, reading.errors);
  if (command.t === 'plan') {
    const { against, plan } = await farmInForce.plan(reading.farm);
    const isSame = against !== undefined && hasText(against, files);
    return { plan: { against: against?.id ?? 0, isSame, plan } };
  }
  const { reason, against, file } = command;
  const source: VersionSource =
    typeof file === 'number' ? { kind: 'roll-back', version: file } : { kind: 'sent' };
  const version = { files, by: actor, reason, source, against };
  const applied = await context.apply({ farm: reading.farm, version });
  if (applied.isNew) return { version: applied.version };
  throw new CommandError(409, 'no-change', `version ${applied.version} is this very file`);
}

async function filesAsked(
  { store }: FarmCommandContext,
  file: FarmFiles | number,
): Promise<FarmFiles> {
  if (typeof file !== 'number') return file;
  const row = await farmVersionById(store.read, file);
  if (row !== undefined) return filesOfVersion(row);
  throw new CommandError(404, 'no-such-version', `there is no version ${file} of the farm file`);
}

function brokenFile(file: FarmFiles | number, errors: readonly FarmFileError[]): CommandError {
  const count = `${errors.length} error${errors.length === 1 ? '' : 's'}`;
  return typeof file === 'number'
    ? new CommandError(
        409,
        'version-unreadable',
        `this Weir can't read version ${file} any more: ${count}`,
        errors,
      )
    : new CommandError(400, 'bad-farm-file', `the farm file has ${count}`, errors);
}
