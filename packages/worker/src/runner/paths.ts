import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Longest path that every Unix takes for a socket. */
const maxSocketPath = 103;
const buildFolder = 'build';

/** Where things are in a slot's folder, `DATA/slots/N`. */
export interface SlotPaths {
  readonly slot: string;
  /** The worker's data folder, with the mirrors and runtimes that all slots share. */
  readonly data: string;
  readonly socket: string;
  /** Held by the runner as long as it lives. */
  readonly lock: string;
  /** What the runner itself has to complain about. */
  readonly runnerLog: string;
  /** The named pipe that a step's output comes through. */
  readonly output: string;
  /** Of the build that runs or waits to be confirmed. */
  readonly build: string;
  readonly spec: string;
  readonly journal: string;
  /** Room for the last entries of a journal on a disk that is full by then. */
  readonly reserve: string;
  /** What the farm is to store by its hash. */
  readonly objects: string;
  /** The build's workspace: `src`, `tmp` and `home`. */
  readonly work: string;
  /** Is there as long as containers of this slot may be. */
  readonly services: string;
  /** What is being removed, of all slots. */
  readonly trash: string;
  /** Names this slot among all of the machine, so that leftovers can be told. */
  readonly mark: string;
}

/** @throws Error when the folder's path is too long for a socket in it. */
export function slotPaths(slot: string): SlotPaths {
  const socket = join(slot, 'runner.sock');
  if (Buffer.byteLength(socket) > maxSocketPath) {
    throw new Error(
      `${socket}: longer than a socket's path may be; use a folder with a shorter path`,
    );
  }
  const build = join(slot, buildFolder);
  const data = dirname(dirname(slot));
  return {
    slot,
    data,
    trash: join(data, 'trash'),
    socket,
    lock: join(slot, 'runner.lock'),
    runnerLog: join(slot, 'runner.log'),
    output: join(slot, 'output'),
    build,
    spec: join(build, 'spec.json'),
    journal: join(build, 'journal.jsonl'),
    reserve: join(slot, 'reserve'),
    objects: join(build, 'objects'),
    work: join(slot, 'work'),
    services: join(slot, 'services'),
    mark: createHash('sha256').update(slot).digest('hex').slice(0, 16),
  };
}

/** The folder of the worker's slot number `index`, from 0. */
export function slotDir(data: string, index: number): string {
  return join(data, 'slots', String(index));
}

/** So many slots, from the first on, include all that hold a build. */
export function usedSlots(data: string): number {
  const slots = join(data, 'slots');
  const names = existsSync(slots) ? readdirSync(slots) : [];
  const used = names.filter(
    (name) => /^\d+$/.test(name) && existsSync(slotPaths(join(slots, name)).spec),
  );
  return Math.max(0, ...used.map((name) => Number(name) + 1));
}

/** The spool of one step's log. */
export function logDir(slot: string, step: number): string {
  return join(slot, buildFolder, 'logs', String(step));
}
