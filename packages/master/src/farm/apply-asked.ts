import type { FarmFiles, VersionSource } from '@weir/protocol';
import type { Clock } from '../clock.ts';
import type { Command, CommandAnswer } from '../command.ts';
import { CommandError } from '../command.ts';
import type { Effects } from '../effects.ts';
import { farmVersionById, filesOfVersion } from '../store/farm-versions.ts';
import type { Store } from '../store/store.ts';
import type { FarmFileError } from './farm-file-error.ts';
import { errorCount } from './farm-file-error.ts';
import type { FarmOptions } from './farm-source.ts';
import type { FarmInForce } from './in-force.ts';
import { readFarmFiles } from './read-farm-file.ts';

type ApplyCommand = Extract<Command, { t: 'apply' }>;

export interface ApplyContext {
  readonly store: Store;
  readonly now: Clock;
  readonly farmInForce: FarmInForce;
  /** How farm files are read. */
  readonly farmOptions: FarmOptions;
  readonly effects: Pick<Effects, 'farmChanged'>;
}

/** Puts in force what people send or name. @throws CommandError when it can't be done */
export async function applyAsked(
  context: ApplyContext,
  actor: string,
  { file, reason, against }: ApplyCommand,
): Promise<CommandAnswer> {
  const files = await filesAsked(context, file);
  const reading = await readFarmFiles(files, context.farmOptions);
  if (!reading.ok) throw brokenFile(file, reading.errors);
  const source: VersionSource =
    typeof file === 'number' ? { kind: 'roll-back', version: file } : { kind: 'sent' };
  const version = { files, by: actor, reason, source, against };
  const applied = await context.farmInForce.apply(reading.farm, version, context.now());
  await context.effects.farmChanged();
  if (applied.isNew) return { version: applied.version };
  throw new CommandError(409, 'no-change', `version ${applied.version} is this very file`);
}

async function filesAsked({ store }: ApplyContext, file: FarmFiles | number): Promise<FarmFiles> {
  if (typeof file !== 'number') return file;
  const row = await farmVersionById(store.read, file);
  if (row !== undefined) return filesOfVersion(row);
  throw new CommandError(404, 'no-such-version', `there is no version ${file} of the farm file`);
}

function brokenFile(file: FarmFiles | number, errors: readonly FarmFileError[]): CommandError {
  if (typeof file !== 'number') {
    const detail = `the farm file has ${errorCount(errors)}`;
    return new CommandError(400, 'bad-farm-file', detail, errors);
  }
  const detail = `this Weir can't read version ${file} any more`;
  return new CommandError(409, 'version-unreadable', detail, errors);
}
