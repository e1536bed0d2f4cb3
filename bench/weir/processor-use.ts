import { readFileSync } from 'node:fs';
import process from 'node:process';
import { cpuSeconds, ticksPerSecond } from '../measures.ts';

/** What this process's children of a name used until now, with their own children: of a server and its sessions. */
export function childCpuSeconds(name: string): number {
  const servers = childrenOf(process.pid).filter((pid) => nameOf(pid) === name);
  const all = servers.flatMap((pid) => [pid, ...childrenOf(pid)]);
  return all.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** What the machine's processors were busy, all together, since boot. */
export function machineCpuSeconds(): number {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/ +/) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = ticks.map(Number);
  return (user + nice + system + irq + softIrq) / ticksPerSecond;
}
