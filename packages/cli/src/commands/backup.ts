import { constants, setPriority } from 'node:os';
import { relative, resolve } from 'node:path';
import process from 'node:process';
import { formatBytes } from '../bytes.ts';
import type { CliCommand } from '../command.ts';
import { dataDirOf } from '../data-dir.ts';
import { ProgressLine } from '../progress.ts';
import { parseCommandLine, UsageError } from '../usage.ts';

export const backupCommand: CliCommand = {
  name: 'backup',
  summary: "copy a farm's data folder while the farm goes on",
  usage: `weir backup FOLDER [--data DIR] [--json]

Copies facts, logs, lists of tests and the farm's key into FOLDER, which is empty or not there yet, as
they are at one moment. Artifacts are left out: they are built again when something needs them. Run it on the master's machine, as the master's user; the master may run or not. 'weir
restore' makes a data folder of it again, and 'sha256sum --check SHA256SUMS' in it checks it.
FOLDER holds secrets: whoever has it can act as the farm.

  --data DIR  the farm's data folder (default: $WEIR_DATA, else ./weir-data)
  --json      what was copied, as JSON`,
  async run(args) {
    const { values, positionals } = parseCommandLine({
      args,
      allowPositionals: true,
      options: { data: { type: 'string' }, json: { type: 'boolean' } },
    });
    const [folder, ...more] = positionals;
    if (folder === undefined || more.length > 0) throw new UsageError('backup takes one FOLDER');
    const dataDir = dataDirOf(values.data);
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
    const { builds, logs, files, sizeBytes, takenAt } = manifest;
    process.stdout.write(
      values.json === true
        ? `${JSON.stringify({ folder, ...manifest })}\n`
        : `${folder}: ${builds} builds and ${logs} logs as of ${new Date(takenAt).toISOString()}, ` +
            `${files} files, ${formatBytes(sizeBytes)}\n` +
            `To go back to it: weir restore ${folder} --data DIR\n`,
    );
    return 0;
  },
};
