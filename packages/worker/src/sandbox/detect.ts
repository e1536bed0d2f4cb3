import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxKind } from '@weir/protocol';
import { detectPlatform } from '../process/platform.ts';
import { bubblewrap } from './bubblewrap.ts';
import type { Sandbox } from './contract.ts';
import { noSandbox } from './none.ts';

export class NoSandboxError extends Error {
  override readonly name = 'NoSandboxError';
  readonly code = 'no-sandbox';
}

const probeMs = 10_000;

const trialStep = {
  name: 'probe',
  run: 'true',
  network: false,
  timeoutMs: 1,
  silenceMs: 1,
  install: false,
};

/**
 * Finds the sandbox to use. Without a choice it is bubblewrap or nothing at all.
 *
 * @param etcDir Folder for the sandbox's own few files of /etc; made when absent.
 * @throws NoSandboxError that says what to do when bubblewrap does not work here.
 */
export function detectSandbox(
  choice: SandboxKind | undefined,
  etcDir: string,
  processLimits: readonly string[] = detectPlatform().limits,
): Sandbox {
  if (choice === 'none') return noSandbox(processLimits);
  probeNamespaces();
  const sandbox = bubblewrap(etcDir, processLimits);
  probeProfile(sandbox);
  return sandbox;
}

function probeNamespaces(): void {
  const flags = ['--unshare-user', '--unshare-net', '--ro-bind', '/', '/', 'true'];
  const { status, stderr, error } = spawnSync('bwrap', flags, {
    encoding: 'utf8',
    timeout: probeMs,
  });
  if (status === 0) return;
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    throw refusal('bubblewrap is not installed', 'install the package bubblewrap');
  }
  throw refusal(
    `bubblewrap can't make namespaces here (${error?.message ?? stderr.trim()})`,
    'allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or an AppArmor profile for bwrap)',
  );
}

/** Runs the very command that steps will run, for what an old version or a container refuses. */
function probeProfile(sandbox: Sandbox): void {
  const dir = mkdtempSync(join(tmpdir(), 'weir-probe-'));
  try {
    const place = {
      src: dir,
      tmp: dir,
      home: dir,
      runtime: dir,
      isRuntimeWritable: false,
      mirrors: [],
    };
    const { file, args, env } = sandbox.command(trialStep, place, {});
    const { status, stderr, error } = spawnSync(file, args, {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      timeout: probeMs,
    });
    if (status === 0) return;
    throw refusal(
      `bubblewrap refuses the sandbox's profile (${error?.message ?? stderr.trim()})`,
      'it needs version 0.8 or newer, and in a container seccomp=unconfined and systempaths=unconfined',
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function refusal(what: string, next: string): NoSandboxError {
  return new NoSandboxError(
    `${what}: ${next}; or pass --sandbox none to let builds do on this machine whatever this user may`,
  );
}
