import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerWriter } from './ledger.ts';
import { scriptOf, stepKinds } from './script.ts';
import type { Act, Run } from './script.ts';

/**
 * A step of the farm under test: `node step.ts KIND`. It plays its script, and writes into its own
 * ledger, outside of the workspace, what it printed and how it ends.
 */
const [word] = process.argv.slice(2);
const kind = stepKinds.find((known) => known === word);
const ledgers = process.env['CHAOS_LEDGERS'];
if (kind === undefined || ledgers === undefined) {
  throw new Error('usage: CHAOS_LEDGERS=DIR step.ts KIND');
}

const run: Run = { kind, nonce: randomBytes(8).toString('hex'), isBroken: isBroken() };
const ledger = new LedgerWriter(ledgers, run.nonce);
const hash = createHash('sha256');
let printed = 0;

ledger.write({ t: 'begun', ...run, dir: process.cwd(), pid: process.pid, at: Date.now() });
if (kind === 'runtime') makeRuntime();
for (const act of scriptOf(run)) await play(act);

/** The runtime that the projects run with, or their own commit, says whether it works. */
function isBroken(): boolean {
  try {
    return readFileSync('mood', 'utf8').trim() === 'broken';
  } catch {
    return false;
  }
}

function makeRuntime(): void {
  const bin = join(process.env['WEIR_RUNTIME'] ?? '', 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'lang'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
}

async function play(act: Act): Promise<void> {
  switch (act.t) {
    case 'print':
      await print(act.to, act.bytes);
      ledger.write({ t: 'printed', bytes: printed });
      return;
    case 'pause':
      await sleep(act.ms);
      return;
    case 'stray':
      spawn('sleep', ['600'], { detached: true, stdio: 'inherit' }).unref();
      return;
    case 'exit':
      end(act.code);
      process.exit(act.code);
      break;
    case 'kill-itself':
      end(null);
      process.kill(process.pid, 'SIGKILL');
      return;
    case 'hang':
      for (;;) await sleep(60_000);
  }
}

/** Waits where the pipe is full, as a frozen runner leaves it. */
async function print(to: 1 | 2, bytes: Buffer): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    try {
      const taken = writeSync(to, bytes, from);
      hash.update(bytes.subarray(from, from + taken));
      from += taken;
      printed += taken;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(5);
    }
  }
}

function end(exit: number | null): void {
  ledger.write({ t: 'ended', bytes: printed, sha256: hash.digest('hex'), exit, at: Date.now() });
}
