import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { postgresPrograms } from './postgres-server.ts';

/** Made by test/docker/redis-image.sh. */
export const redisImage = 'localhost/weir-test/redis:1';

/** Made by test/docker/postgres-image.sh. */
export const postgresImage = 'localhost/weir-test/postgres:1';

/** The tests do as on a machine that has no servers of its own. */
const hasContainersAlone = process.env['WEIR_TEST_SERVERS'] === 'containers';

/** What a test may need beyond Node and git, and how to tell whether the machine has it. */
const probes = {
  redis: () => !hasContainersAlone && runs('redis-server', '--version'),
  postgres: () => !hasContainersAlone && postgresPrograms() !== undefined,
  docker: () => runs('docker', 'image', 'inspect', redisImage),
  compose: () => runs('docker', 'info') && runs('docker', 'compose', 'version'),
  chromium: () => existsSync('/usr/bin/chromium'),
  radosgw: () =>
    ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph'].every((name) => runs(name, '--version')),
  buildbot: () => runs('buildbot-worker', '--version'),
  bwrap: () => runs('bwrap', '--unshare-user', '--unshare-net', '--ro-bind', '/', '/', 'true'),
  faketime: () => runs('faketime', '--version'),
  cc: () => runs('cc', '--version'),
  lfs: () => runs('git-lfs', 'version'),
  systemd: () => runs('systemd-analyze', '--version'),
  promtool: () => runs('promtool', '--version'),
  root: () => process.getuid?.() === 0,
  'old-node': () => oldNode() !== undefined,
} as const;
export type Need = keyof typeof probes;

const known = new Map<Need, boolean>();

/**
 * Skips the test or suite by name when the machine lacks something. Where `WEIR_TEST_REQUIRE`
 * (names with commas between) lists it, its absence is a failure instead.
 */
export function needs(context: { skip(): never; test?: unknown }, ...names: Need[]): void {
  const missing = names.filter((name) => !has(name));
  if (missing.length === 0) return;
  const owed = missing.filter(isRequired);
  if (owed.length > 0) {
    throw new Error(`WEIR_TEST_REQUIRE names ${owed.join(', ')}, not found here`);
  }
  console.log(`      skipped: this machine lacks ${missing.join(', ')}`);
  context.skip();
}

/** Whether its absence is a failure here. */
export function isRequired(name: Need): boolean {
  return (process.env['WEIR_TEST_REQUIRE'] ?? '').split(',').includes(name);
}

/** Whether this machine has it. */
export function has(name: Need): boolean {
  const answer = known.get(name) ?? probes[name]();
  known.set(name, answer);
  return answer;
}

/** A Node on PATH that Weir is too new for. */
export function oldNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'node')).find(isOldNode);
}

function isOldNode(path: string): boolean {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return /^v(?:1\d|2[0-3])\./.test(stdout ?? '');
}

function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
