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
  usage: `weir copy-store --database URL [--data DIR] [--json]

Copies all facts of a farm whose master is stopped into an empty database, in one transaction, and
commits it only when every table has the same rows by count and hash: it is all there or nothing.
Logs, artifacts and the farm's key stay in the data folder, which the farm goes on with.

  --database URL  postgres://USER@HOST/NAME, an empty database (default: $WEIR_DATABASE_URL)
  --data DIR      the farm's data folder (default: $WEIR_DATA, else ./weir-data)
  --json          every table with its rows and hash, as JSON`,
  async run(args) {
    const { values } = parseCommandLine({
      args,
      options: {
        database: { type: 'string' },
        data: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
    const to = databaseUrlOf(values.database);
    if (to === null) throw new UsageError('--database URL is missing');
    const dataDir = dataDirOf(values.data);
    const from = join(dataDir, 'weir.sqlite');
    const { copyStore } = await import('@weir/master');
    using line = new ProgressLine();
    const { tables, changedTexts } = await copyStore({ from, to, progress: line.show });
    line[Symbol.dispose]();
    if (values.json === true) {
      process.stdout.write(`${JSON.stringify({ tables, changedTexts })}\n`);
      return 0;
    }
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const changed =
      changedTexts === 0
        ? ''
        : `${changedTexts} texts held a NUL character, which the database can't: it is U+FFFD there.\n`;
    process.stdout.write(
      `${rows} rows of ${tables.length} tables are in the database, each table the same by count and hash.\n` +
        `${changed}Next: WEIR_DATABASE_URL=... weir master --farm FILE --data ${dataDir}\n` +
        `Move ${from} away, so that nobody starts the farm from it by mistake.\n`,
    );
    return 0;
  },
};
