import { existsSync, rmSync } from 'node:fs';
import type { ServicesOrder } from './build-services.ts';
import { removeContainers } from './containers.ts';
import { findEngine } from './engine.ts';

/**
 * Removes the containers that a slot's runner left when it was killed: nothing else does, as they
 * are the engine's children.
 *
 * @throws NoEngineError, or what the engine says; the trace then stays for the next time
 */
export async function sweepServices({
  mark,
  trace,
}: Pick<ServicesOrder, 'mark' | 'trace'>): Promise<void> {
  if (!existsSync(trace)) return;
  await removeContainers(await findEngine(), mark);
  rmSync(trace, { force: true });
}
