import { join } from 'node:path';
import type { ServiceKeeper, ServicePlan, WorkerService } from './contract.ts';

/** Windows, by its documentation: nothing of this has run there, so it is printed and not done. */
export function windowsKeeper(): ServiceKeeper {
  return {
    name: 'the Task Scheduler',
    obstacle: 'workers on Windows have never been tried: what follows is how it should go',
    plan,
  };
}

/** A task that begins with the machine. Its file is a script, as a task's command is short. */
function plan({ name, dataDir, program }: WorkerService): ServicePlan {
  const path = join(dataDir, 'run-worker.cmd');
  const run = [...program, 'run', '--data', dataDir].map((argument) => `"${argument}"`).join(' ');
  const task = `Weir worker ${name}`;
  return {
    path,
    text: `@echo off\r\n${run}\r\n`,
    start: [
      ['schtasks', '/Create', '/TN', task, '/SC', 'ONSTART', '/TR', path],
      ['schtasks', '/Run', '/TN', task],
    ],
    stop: [
      ['schtasks', '/End', '/TN', task],
      ['schtasks', '/Delete', '/TN', task, '/F'],
    ],
    hints: [`schtasks /Query /TN "${task}"   how it is`],
  };
}
