import { constants, getPriority, setPriority } from 'node:os';
import process from 'node:process';

const nicer = 10;

/**
 * Has this thread wait when the engine's want the processor, as `nice` does with a process. On Linux
 * alone, where a priority is a thread's own: elsewhere it is the whole process's, engine and all.
 */
export function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + nicer));
}
