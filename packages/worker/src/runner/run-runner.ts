import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { detectPlatform } from '../process/platform.ts';
import { sweepServices } from '../services/sweep.ts';
import { FileLock } from '../workspace/lock.ts';
import { emptyTrash, wipe } from '../workspace/wipe.ts';
import { findFinishedBuild } from './held-build.ts';
import { slotPaths } from './paths.ts';
import { SlotRunner } from './slot-runner.ts';

/** So long a runner without a build waits for an agent. */
const idleMs = 5 * 60_000;

/**
 * The whole life of a slot's runner process. It outlives the agent that started it; the next agent
 * finds it by the socket in the slot's folder, `DATA/slots/N`.
 */
export async function runRunner(slotDir: string): Promise<void> {
  const paths = slotPaths(resolve(slotDir));
  mkdirSync(paths.slot, { recursive: true, mode: 0o700 });
  using lock = FileLock.try(paths.lock, 'exclusive');
  if (lock === null) throw new Error(`${paths.slot} has a runner already`);
  const platform = detectPlatform();
  // A runner that was killed: its sandbox died with it, and its build is lost, unless that was over.
  await platform.sweep(paths.mark);
  await sweepServices({ mark: paths.mark, trace: paths.services }).catch((error: unknown) =>
    console.error('containers that may be left:', error),
  );
  emptyTrash(paths.trash);
  const held = findFinishedBuild(paths);
  for (const dir of held === null ? [paths.build, paths.work] : [paths.work]) {
    wipe(dir, paths.trash);
  }
  const runner = new SlotRunner(paths, platform, idleMs, held);
  await runner.listen();
  // A terminal's interrupt goes to the agent, which decides what becomes of the builds.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  process.on('SIGTERM', () => {});
  await runner.ended;
  await runner.close();
}
