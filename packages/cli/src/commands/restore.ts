import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { dataDirOf } from '../data-dir.ts';
import { databaseUrlOf } from '../database-url.ts';
import { ProgressLine } from '../progress.ts';
import { parseCommandLine, UsageError } from '../usage.ts';

export const restoreCommand: CliCommand = {
  name: 'restore',
  summary: 'make a data folder of a backup',
  usage: `weir restore BACKUP [--data DIR] [--json]
weir restore --database URL [--json]

Copies BACKUP, a folder that 'weir backup' made, to a data folder that is empty or not there yet, and
checks every file. To put a farm back to an older state: stop the master, move its data folder away,
restore, and start the master again. Workers come back by themselves: builds that the backup knows
go on, and others that still run there are ended.

  --data DIR  where the farm is to be (default: $WEIR_DATA, else ./weir-data)
  --json      what was restored, as JSON

With --database, a PostgreSQL database that pg_restore has just filled is made one to go on with: no
number is given out twice, and builds that the dump knows can be taken up again.`,
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
    if (values.database !== undefined) {
      if (positionals.length > 0) throw new UsageError('pg_restore comes first');
      return afterRestore(databaseUrlOf(values.database) ?? '', values.json === true);
    }
    const [backup, ...more] = positionals;
    if (backup === undefined || more.length > 0) throw new UsageError('restore takes one BACKUP');
    const dataDir = dataDirOf(values.data);
    const { restoreBackup } = await import('@weir/master');
    using line = new ProgressLine();
    const manifest = await restoreBackup({ backup, dataDir, progress: line.show });
    line[Symbol.dispose]();
    const { builds, logs, takenAt } = manifest;
    process.stdout.write(
      values.json === true
        ? `${JSON.stringify({ dataDir, ...manifest })}\n`
        : `${dataDir}: ${builds} builds and ${logs} logs as of ${new Date(takenAt).toISOString()}\n` +
            `Next: weir master --farm FILE --data ${dataDir}\n` +
            `What people did since is undone: look at 'weir workers' (a worker that was revoked is\n` +
            `accepted again) and 'weir workers invitations' (one that was used is good again).\n`,
    );
    return 0;
  },
};

async function afterRestore(url: string, isJson: boolean): Promise<number> {
  const { renumberDatabase } = await import('@weir/master');
  const { takenAt } = await renumberDatabase(url);
  process.stdout.write(
    isJson
      ? `${JSON.stringify({ takenAt })}\n`
      : `the database is as of ${new Date(takenAt).toISOString()}, and can be gone on with: start its master\n`,
  );
  return 0;
}
