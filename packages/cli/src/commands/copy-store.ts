import { join } from 'node:path';
import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { dataDirOf } from '../data-dir.ts';
import { databaseUrlOf } from '../database-url.ts';
import { ProgressLine } from '../progress.ts';
import { parseCommandLine, UsageError } from '../usage.ts';

export const copyStoreCommand: CliCommand = {
  name: 'copy-store',
  summary: 'move a farm from its file to a PostgreSQL database',
  usage: `weir copy-store --database URL [--data DIR] [--objects URL] [--json]

Copies all facts of a farm whose master is stopped into an empty database, in one transaction, and
commits it only when every table has the same rows by count and hash: it is all there or nothing.
Logs go along: small ones and those without an end into the database, the others to the objects.
Artifacts and the farm's key stay in the data folder, which the farm goes on with.

  --database URL  postgres://USER@HOST/NAME, an empty database (default: $WEIR_DATABASE_URL)
  --data DIR      the farm's data folder (default: $WEIR_DATA, else ./weir-data)
  --objects URL   where logs go, as 'weir master' takes it (default: $WEIR_OBJECTS_URL, else below --data)
  --json          every table with its rows and hash, as JSON`,
  async run(args) {
    const { values } = parseCommandLine({
      args,
      options: {
        database: { type: 'string' },
        data: { type: 'string' },
        objects: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
    const to = databaseUrlOf(values.database);
    if (to === null) throw new UsageError('--database URL is missing');
    const dataDir = dataDirOf(values.data);
    const { copyStore } = await import('@weir/master');
    using line = new ProgressLine();
    const objectsUrl = values.objects ?? (process.env['WEIR_OBJECTS_URL'] || null);
    const copied = await copyStore({ dataDir, to, objectsUrl, progress: line.show });
    const { tables, changedTexts, logs } = copied;
    line[Symbol.dispose]();
    if (values.json === true) {
      process.stdout.write(`${JSON.stringify(copied)}\n`);
      return 0;
    }
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const changed =
      changedTexts === 0
        ? ''
        : `${changedTexts} texts held a NUL character, which the database can't: it is U+FFFD there.\n`;
    const damaged =
      logs.damaged.length === 0
        ? ''
        : `${logs.damaged.length} logs are damaged on the disk and were left out: ${logs.damaged.slice(0, 20).join(', ')}\n`;
    process.stdout.write(
      `${rows} rows of ${tables.length} tables are in the database, each table the same by count and hash.\n` +
        `${logs.logs} logs are there as well, ${logs.objects} of them as objects.\n` +
        `${damaged}${changed}Next: WEIR_DATABASE_URL=... weir master --farm FILE --data ${dataDir}\n` +
        `Move ${join(dataDir, 'weir.sqlite')} away, so that nobody starts the farm from it by mistake,\n` +
        `and ${join(dataDir, 'logs')}, which nobody reads any more.\n`,
    );
    return 0;
  },
};
