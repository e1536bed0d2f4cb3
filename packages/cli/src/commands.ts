import type { CliCommand } from './command.ts';
import { applyCommand } from './commands/apply.ts';
import { backupCommand } from './commands/backup.ts';
import { commandsByPeople } from './commands/by-people.ts';
import { checkCommand } from './commands/check.ts';
import { copyStoreCommand } from './commands/copy-store.ts';
import { masterCommand } from './commands/master.ts';
import { reproduceCommand } from './commands/reproduce.ts';
import { restoreCommand } from './commands/restore.ts';
import { schemaCommand } from './commands/schema.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { versionsCommand } from './commands/versions.ts';
import { webCommand } from './commands/web.ts';
import { workerCommand } from './commands/worker.ts';
import { workersCommand } from './commands/workers.ts';

/** Every word of `weir`, in the order in which `--help` lists them. */
export const commands: readonly CliCommand[] = [
  startCommand,
  masterCommand,
  webCommand,
  workerCommand,
  checkCommand,
  schemaCommand,
  applyCommand,
  versionsCommand,
  statusCommand,
  workersCommand,
  reproduceCommand,
  backupCommand,
  restoreCommand,
  copyStoreCommand,
  ...commandsByPeople,
];
