import { setPriority } from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Child process: uses this share of one processor. What it is kept from using it makes up for, as
 * do viewers who wait for their pages. On the first message it ends.
 */
const share = Number(process.argv[2]);
const sliceMs = 5;
setPriority(10);
process.once('message', () => process.send?.({ pages: 0 }, () => process.exit(0)));
const startedAt = performance.now();
const begun = process.cpuUsage();
for (;;) {
  for (const end = performance.now() + sliceMs; performance.now() < end;);
  const { user, system } = process.cpuUsage(begun);
  const dueAt = startedAt + (user + system) / 1_000 / share;
  await sleep(Math.max(0, dueAt - performance.now()));
}
