import { constants, setPriority } from 'node:os';
import { relative, resolve } from 'node:path';
import process from 'node:process';
import { formatBytes } from '../bytes.ts';
import type { CliCommand } from '../command.ts';
import { dataDirOf } from '../data-dir.ts';
import { databaseUrlOf } from '../database-url.ts';
import { ProgressLine } from '../progress.ts';
import { parseCommandLine, UsageError } from '../usage.ts';

export const backupCommand: CliCommand = {
  name: 'backup',
  summary: "copy a farm's data folder while the farm goes on",
  usage: `weir backup FOLDER [--data DIR] [--json]

Copies facts, logs, lists of tests, recorded dependencies and the farm's key into FOLDER, which is
empty or not there yet, as they are at one moment. Artifacts are left out: they are built again when
something needs them. Run it on the master's machine, as the master's user; the master may run or not.
'weir restore' makes a data folder of it again, and 'sha256sum --check SHA256SUMS' in it checks it.
FOLDER holds secrets: whoever has it can act as the farm.

  --data DIR  the farm's data folder (default: $WEIR_DATA, else ./weir-data)
  --json      what was copied, as JSON

A farm on PostgreSQL ($WEIR_DATABASE_URL, or --database URL) is backed up by pg_dump: this command says how.`,
  async run(args) {
    const { values, positionals } = parseCommandLine({
      args,
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        database: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
    const [folder, ...more] = positionals;
    if (folder === undefined || more.length > 0) throw new UsageError('backup takes one FOLDER');
    const dataDir = dataDirOf(values.data);
    if (databaseUrlOf(values.database) !== null) {
      throw new Error(onPostgres(folder, dataDir, process.env['WEIR_OBJECTS_URL'] || null));
    }
    if (!relative(resolve(dataDir), resolve(folder)).startsWith('..')) {
      throw new UsageError(`${folder} is in the data folder itself: it would be lost with it`);
    }
    // The farm comes first, where both want the processor.
    setPriority(constants.priority.PRIORITY_LOW);
    const { makeBackup } = await import('@weir/master');
    using line = new ProgressLine();
    const manifest = await makeBackup({
      dataDir,
      folder,
      progress: line.show,
    });
    line[Symbol.dispose]();
    const { builds, logs, files, sizeBytes, takenAt, missingObjects = 0 } = manifest;
    const objects = process.env['WEIR_OBJECTS_URL'] || null;
    process.stdout.write(
      values.json === true
        ? `${JSON.stringify({ folder, ...manifest })}\n`
        : `${folder}: ${builds} builds and ${logs} logs as of ${new Date(takenAt).toISOString()}, ` +
            `${files} files, ${formatBytes(sizeBytes)}\n` +
            elsewhere(objects, missingObjects) +
            `To go back to it: weir restore ${folder} --data DIR\n`,
    );
    return 0;
  },
};

/** What the farm needs, too, and is not in the backup. */
function elsewhere(objects: string | null, missing: number): string {
  if (objects !== null) {
    return `Not in it: the farm's objects, which are at ${nameOf(objects)}. Keep those, too.\n`;
  }
  if (missing === 0) return '';
  return `Not in it: ${missing} lists of tests or records of dependencies, which are not in the data folder.\nWhere the farm has its objects elsewhere (--objects of 'weir master'), keep those, too.\n`;
}

/** Where it is, without what is set for it. */
function nameOf(objects: string): string {
  return objects.replace(/\?.*$/, '');
}

/** Its own tools copy a database better than any program beside them. */
function onPostgres(folder: string, dataDir: string, objects: string | null): string {
  const more =
    objects === null
      ? ''
      : `\nObjects, finished logs among them, are at ${nameOf(objects)}: keep those, too.`;
  return `this farm's facts and live logs are on PostgreSQL, whose own program copies them while the farm goes on:
  mkdir -p ${folder} && pg_dump --format=custom --file=${folder}/weir.dump "$WEIR_DATABASE_URL"
and after it, so that every object that the dump tells of is there:
  rsync -a --exclude=mirrors ${dataDir}/ ${folder}/data/${more}
docs/postgresql.md tells how to go back to it`;
}
