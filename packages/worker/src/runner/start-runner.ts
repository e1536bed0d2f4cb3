import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectRunner } from './client.ts';
import type { RunnerClient } from './client.ts';
import type { RunnerEvent } from './messages.ts';
import { slotPaths } from './paths.ts';

/** A machine under load, as after a boot, takes its time. */
const startMs = 60_000;

/**
 * Starts the runner of a slot as a process that outlives its starter, and connects to it.
 *
 * @throws Error when it does not answer; its own words are in `SLOTDIR/runner.log`.
 */
export async function startRunner(
  slotDir: string,
  onEvent: (event: RunnerEvent) => void,
): Promise<RunnerClient> {
  mkdirSync(slotDir, { recursive: true, mode: 0o700 });
  let runner = spawnRunner(slotDir);
  for (const deadline = performance.now() + startMs; performance.now() < deadline;) {
    const client = await connectRunner(slotDir, onEvent).catch(() => null);
    if (client !== null) return client;
    // One that failed would fail again; one that was killed has nothing to do with it.
    if (runner.signalCode !== null) runner = spawnRunner(slotDir);
    if (runner.pid === undefined || runner.exitCode !== null) break;
    await sleep(10);
  }
  throw new Error(`the runner of ${slotDir} does not answer: see ${slotPaths(slotDir).runnerLog}`);
}

function spawnRunner(slotDir: string): ChildProcess {
  const log = openSync(slotPaths(slotDir).runnerLog, 'a');
  const child = spawn(process.execPath, [...entry(), slotDir], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // It then has no process id, which is looked at.
  child.once('error', () => {});
  child.unref();
  return child;
}

/** In the one-file agent this module is that file, and the runner one of its commands. */
function entry(): string[] {
  const isBundled = !/\/runner\/start-runner\.[jt]s$/.test(import.meta.url);
  if (isBundled) return [fileURLToPath(import.meta.url), 'runner'];
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return [fileURLToPath(new URL(`./main.${extension}`, import.meta.url))];
}
