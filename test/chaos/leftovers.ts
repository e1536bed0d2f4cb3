import { readFileSync, readdirSync } from 'node:fs';
import process from 'node:process';
import { markVariable } from './farm-file.ts';

/** A process of the farm under test. */
export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/** Every process whose environment has the mark; the dead don't count. */
export function findMarked(mark: string): Leftover[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => {
      const word = `\0${markVariable}=${mark}\0`;
      if (!`\0${readProc(pid, 'environ')}`.includes(word)) return [];
      return [{ pid, command: readProc(pid, 'cmdline').replaceAll('\0', ' ').trim() }];
    });
}

export function endProcesses(processes: readonly Leftover[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Empty for a process that is gone. */
function readProc(pid: number, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
