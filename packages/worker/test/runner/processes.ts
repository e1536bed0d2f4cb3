import { readFileSync, readdirSync } from 'node:fs';

/** For `sleep`: an argument that no other process has, and an end, should a test leave it behind. */
export function uniqueSeconds(digit: number): string {
  return `60.${digit}${process.pid}`;
}

/** How many processes of this machine have `word` in their command line; the dead don't count. */
export function countProcesses(word: string): number {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && hasWord(pid, word)).length;
}

function hasWord(pid: string, word: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(word);
  } catch {
    return false;
  }
}
