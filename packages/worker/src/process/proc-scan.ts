import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { killPatienceMs, markVariable } from './contract.ts';
import { killNow } from './kill-now.ts';

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly isMarked: boolean;
}

/**
 * Ends every process that carries the slot's mark in its environment, is in the session or group
 * of `leader`, or descends from such a one, and looks again until there is none: what was being
 * started meanwhile inherits the mark. The process `spared` is left alone, with its children.
 */
export async function killStrays(mark: string, leader?: number, spared?: number): Promise<void> {
  for (
    const deadline = performance.now() + killPatienceMs;
    performance.now() < deadline;
    await sleep(2)
  ) {
    const entries = readProcesses(mark).filter(
      ({ pid, parent }) => pid !== spared && parent !== spared,
    );
    const strays = findStrays(entries, leader);
    if (strays.length === 0) return;
    for (const pid of strays) killNow(pid);
  }
}

function findStrays(entries: readonly ProcessEntry[], leader: number | undefined): number[] {
  const strays = new Set<number>();
  for (const { pid, group, session, isMarked } of entries) {
    if (isMarked || session === leader || group === leader) strays.add(pid);
  }
  for (let before = -1; before !== strays.size;) {
    before = strays.size;
    for (const { pid, parent } of entries) if (strays.has(parent)) strays.add(pid);
  }
  return [...strays];
}

function readProcesses(mark: string): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid) && pid !== process.pid) {
      const entry = readProcess(pid, mark);
      if (entry !== null) entries.push(entry);
    }
  }
  return entries;
}

/** Null for a process that is gone, or dead and not yet fetched by its parent. */
function readProcess(pid: number, mark: string): ProcessEntry | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before the last parenthesis may contain anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    const [parent = 0, group = 0, session = 0] = fields.map(Number);
    return { pid, parent, group, session, isMarked: isMarked(pid, mark) };
  } catch {
    return null;
  }
}

function isMarked(pid: number, mark: string): boolean {
  try {
    const environment = `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`;
    return environment.includes(`\0${markVariable}=${mark}\0`);
  } catch {
    // Another user's process: not one of ours.
    return false;
  }
}
