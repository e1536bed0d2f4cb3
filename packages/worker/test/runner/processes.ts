import { readFileSync, readdirSync } from 'node:fs';

/** For `sleep`: an argument that no other process has, and an end, should a test leave it behind. */
export function uniqueSeconds(digit: number): string {
  return `60.${digit}${process.pid}`;
}

/** The processes of this machine that have `word` in their command line; the dead don't count. */
export function findProcesses(word: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && hasWord(pid, word));
}

export function countProcesses(word: string): number {
  return findProcesses(word).length;
}

function hasWord(pid: number, word: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(word);
  } catch {
    return false;
  }
}
