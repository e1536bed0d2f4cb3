import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BuildLimits } from '@weir/protocol';
import { Cgroup } from './cgroup.ts';
import type { CgroupParent, Controller } from './cgroup.ts';

/** A mounted hierarchy, and this process's place in it. */
export interface Hierarchy {
  readonly version: 1 | 2;
  readonly mount: string;
  readonly own: string;
  /** Named by the mount in v1; in v2 each folder says for itself what it hands down. */
  readonly controllers: readonly Controller[];
}

const controllers: readonly Controller[] = ['memory', 'pids'];
const trialLimits: BuildLimits = {
  logBytes: 1,
  diskBytes: 1,
  fileBytes: 1,
  memoryBytes: 64 * 1024 * 1024,
  processes: 64,
};

/** Finds, by trying, where this process may make groups that limit memory and processes. */
export function findCgroupParents(): CgroupParent[] {
  const hierarchies = readHierarchies(
    readFileSync('/proc/self/mountinfo', 'utf8'),
    readFileSync('/proc/self/cgroup', 'utf8'),
  );
  const found: CgroupParent[] = [];
  for (const hierarchy of hierarchies) {
    handDown(hierarchy);
    const missing = controllers.filter((name) => !found.some((p) => p.controllers.includes(name)));
    const parent = parentsOf(hierarchy, missing).find(isUsable);
    if (parent !== undefined) found.push(parent);
  }
  return found;
}

/**
 * A service that systemd gives its control group (`Delegate=`) runs in a group below it
 * (`DelegateSubgroup=agent`), so that its own may hand controllers down: one that holds processes
 * may not (cgroups(7), "no internal processes").
 */
export function handDown({ version, own }: Pick<Hierarchy, 'version' | 'own'>): void {
  const service = dirname(own);
  if (version !== 2 || basename(own) !== 'agent' || !service.endsWith('.service')) return;
  try {
    writeFileSync(join(service, 'cgroup.subtree_control'), '+memory +pids', { flag: 'r+' });
  } catch {
    // It is not ours after all; the limits that can't be had are shown as such.
  }
}

/**
 * Reads the v1 hierarchies of memory and pids, and the v2 hierarchy, from `/proc/self/mountinfo`
 * and `/proc/self/cgroup` (formats: proc(5), cgroups(7)).
 */
export function readHierarchies(mountinfo: string, cgroup: string): Hierarchy[] {
  const places = new Map<string, string>();
  for (const line of cgroup.split('\n')) {
    const [, names, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const name of names?.split(',') ?? []) places.set(name, path ?? '/');
  }
  const hierarchies: Hierarchy[] = [];
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '/', mount = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    const named = controllers.filter((name) => options.split(',').includes(name));
    const place = type === 'cgroup2' ? places.get('') : places.get(named[0] ?? '-');
    if (place === undefined || (type !== 'cgroup2' && type !== 'cgroup')) continue;
    const inside = place.startsWith(root) ? place.slice(root === '/' ? 0 : root.length) : '/';
    const version = type === 'cgroup2' ? 2 : 1;
    hierarchies.push({ version, mount, own: join(mount, inside), controllers: named });
  }
  return hierarchies;
}

/** Folders of the hierarchy in which a group might be made, the nearest first. */
function parentsOf(hierarchy: Hierarchy, wanted: readonly Controller[]): CgroupParent[] {
  const { version, mount, own } = hierarchy;
  const parents: CgroupParent[] = [];
  for (let dir = own; dir.startsWith(mount); dir = dirname(dir)) {
    const offered = version === 1 ? hierarchy.controllers : handedDown(dir);
    const usable = wanted.filter((name) => offered.includes(name));
    if (usable.length > 0) parents.push({ dir, version, controllers: usable });
    if (dir === mount) break;
  }
  return parents;
}

function handedDown(dir: string): string[] {
  const file = join(dir, 'cgroup.subtree_control');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
}

function isUsable(parent: CgroupParent): boolean {
  const name = `weir-probe-${process.pid}`;
  try {
    const group = new Cgroup([parent], name);
    group.limit(trialLimits);
    const [join_ = ''] = group.joins;
    return spawnSync('/bin/sh', ['-c', 'echo 0 > "$1"', 'sh', join_]).status === 0;
  } catch {
    return false;
  } finally {
    const dir = join(parent.dir, name);
    if (existsSync(dir)) rmdirSync(dir);
  }
}
