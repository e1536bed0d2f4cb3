import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { containersLabel, lfsLabel } from '@weir/protocol';
import type { ContainersHere } from '../services/detect.ts';

const systems: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' };
const architectures: Readonly<Record<string, string>> = { ia32: 'x86' };

/** What this machine is, as far as the agent can tell by itself. */
export function detectLabels({ are }: ContainersHere): string[] {
  const labels = systemLabels();
  if (are) labels.push(containersLabel);
  if (spawnSync('git-lfs', ['version'], { stdio: 'ignore', timeout: 5_000 }).status === 0) {
    labels.push(lfsLabel);
  }
  return labels;
}

/** Operating system, architecture and, on Linux, libc and distribution. */
export function systemLabels(): string[] {
  const labels = [
    systems[process.platform] ?? process.platform,
    architectures[process.arch] ?? process.arch,
  ];
  if (process.platform === 'linux') labels.push(libc(), ...release());
  return labels;
}

function libc(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/** `debian` and `debian-12`, from os-release(5). */
function release(): string[] {
  const path = '/etc/os-release';
  if (!existsSync(path)) return [];
  const fields = new Map(
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => /^([A-Z_]+)="?([^"]*)"?$/.exec(line))
      .flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? ''] as const] : [])),
  );
  const id = fields.get('ID');
  if (id === undefined) return [];
  const version = fields.get('VERSION_ID');
  return version === undefined ? [id] : [id, `${id}-${version}`];
}
