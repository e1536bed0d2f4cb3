import { globSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isTaken } from '../drain.ts';
import type { PlayedFault } from '../evidence.ts';
import type { ChaosFarm } from '../farm.ts';
import { findMarked } from '../leftovers.ts';
import type { Loss } from './loss.ts';
import { wasAfter } from './results.ts';

/** After master and agents have ended as they should, nothing of the farm is left on the machine. */
export function judgeLeftovers(farm: ChaosFarm): Loss[] {
  const { workers, dir, mark } = farm;
  const processes = findMarked(mark).map(({ pid, command }) => `process ${pid}: ${command}`);
  const slots = workers.flatMap((each) =>
    each.slots.filter(isTaken).map((slot) => `${slot} is taken`),
  );
  const groups = workers
    .flatMap(({ marks }) => marks)
    .flatMap((each) => globSync(`/sys/fs/cgroup/**/weir-${each}-*`).map((path) => `group ${path}`));
  const trash = workers.flatMap(({ name }) => filesIn(join(dir, name, 'trash')));
  // What SQLite leaves that was killed between the making of a file and its unlinking.
  const temporary = filesIn(join(dir, 'tmp')).filter((path) => !/\/etilqs_\w+$/.test(path));
  return [...processes, ...slots, ...groups, ...trash, ...temporary].map((what) => ({
    judge: 'leftovers',
    subject: 'the machine',
    text: `left behind: ${what}`,
    look: workers.flatMap(({ name }) => (what.includes(`/${name}/`) ? [`${name}.log`] : [])),
  }));
}

/** A process that ends by itself is one that failed; a full disk may be a reason. */
export function judgeCrashes(farm: ChaosFarm, faults: readonly PlayedFault[]): Loss[] {
  return farm.processes.flatMap(({ name, process }) =>
    process.ownEnds
      .filter(
        ({ at }) =>
          !wasAfter(faults, at, ({ kind, victim }) => victim === name && kind.includes('disk')),
      )
      .map(({ at, status }) => ({
        judge: 'crashes' as const,
        subject: name,
        text: `ended by itself with ${status} at ${new Date(at).toISOString()}`,
        look: [`${name}.log`],
      })),
  );
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir).map((name) => join(dir, name));
  } catch {
    return [];
  }
}
