import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { ChaosFarm, ChaosWorker } from './farm.ts';
import type { Fault } from './plan.ts';
import type { Service } from './process.ts';

/** What takes a fault away again; called when its time is over, and at the end. */
export type Heal = () => void;

const nothing: Heal = () => {};

/** Does to the farm what the fault says. Null: there was no victim for it. */
export function inject(farm: ChaosFarm, fault: Fault): Heal | null {
  const { kind, victim, size } = fault;
  switch (kind) {
    case 'kill master':
      return end(farm.master, 'SIGKILL');
    case 'restart master':
      return end(farm.master, 'SIGTERM');
    case 'freeze master':
      return freeze(farm.master.pid);
    case 'kill agent':
      return end(chosen(farm, victim).service, 'SIGKILL');
    case 'freeze agent':
      return freeze(chosen(farm, victim).service.pid);
    case 'kill runner':
      return killRunner(farm, victim);
    case 'freeze runner':
      return freeze(runnerOf(farm, victim));
    case 'cut links':
      if (victim < 0.2) farm.wire.cutAll();
      else farm.wire.cut(victim);
      return nothing;
    case 'garble link':
      farm.wire.garble(victim);
      return nothing;
    case 'stall link':
      return farm.wire.stall(victim);
    case 'fill disk of master':
      farm.masterDisk?.fill();
      return () => farm.masterDisk?.free();
    case 'fill disk of worker': {
      const disks = farm.workers.flatMap(({ disk }) => (disk === undefined ? [] : [disk]));
      const disk = disks[Math.floor(victim * disks.length)];
      disk?.fill();
      return () => disk?.free();
    }
    case 'jump clock':
      return jumpClock(farm, size);
  }
}

function chosen({ workers }: ChaosFarm, victim: number): ChaosWorker {
  const worker = workers[Math.floor(victim * workers.length)];
  if (worker === undefined) throw new Error('the farm has no workers');
  return worker;
}

function end(service: Service, name: 'SIGKILL' | 'SIGTERM'): Heal | null {
  return service.end(name) ? () => service.revive() : null;
}

/** A frozen process answers nobody, and keeps all that it holds. */
function freeze(pid: number | undefined): Heal | null {
  if (pid === undefined || !signal(pid, 'SIGSTOP')) return null;
  return () => void signal(pid, 'SIGCONT');
}

function killRunner(farm: ChaosFarm, victim: number): Heal | null {
  const pid = runnerOf(farm, victim);
  return pid !== undefined && signal(pid, 'SIGKILL') ? nothing : null;
}

/** The wall clock of the master alone, by up to a year; its monotonic clock goes on. */
function jumpClock({ clock }: ChaosFarm, size: number): Heal | null {
  if (clock === null) return null;
  const seconds = Math.round(Math.sign(size) * 10 ** (7.5 * Math.abs(size)));
  writeFileSync(clock, `${seconds < 0 ? '' : '+'}${seconds}`);
  return nothing;
}

function runnerOf(farm: ChaosFarm, victim: number): number | undefined {
  const runners = chosen(farm, victim);
  const pids = runnersOf(runners.dataDir);
  return pids[Math.floor(victim * 1_000) % Math.max(1, pids.length)];
}

/** The runners of a worker: processes that were started with one of its slots' folders. */
export function runnersOf(dataDir: string): number[] {
  const slots = join(dataDir, 'slots');
  return processes()
    .filter(({ words }) => words.at(-1)?.startsWith(slots))
    .map(({ pid }) => pid);
}

/** Every process of this machine that can be looked at. */
export function processes(): { pid: number; words: string[] }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(0, -1);
      return [{ pid, words }];
    } catch {
      return [];
    }
  });
}

/** False when the process is gone already. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
