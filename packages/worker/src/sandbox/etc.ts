import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const sandboxUser = 1000;

/** The few files of /etc that a sandbox has of its own: a user with a name, and localhost. */
const files: Readonly<Record<string, string>> = {
  passwd: `root:x:0:0:root:/root:/bin/sh\nweir:x:${sandboxUser}:${sandboxUser}:weir:/weir/home:/bin/sh\n`,
  group: `root:x:0:\nweir:x:${sandboxUser}:\n`,
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
  'nsswitch.conf':
    'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n',
};

/** Makes the folder that holds them, beside the workspaces, once. */
export function ensureEtc(dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    if (existsSync(path)) continue;
    // Runners of several slots may do so at once.
    const part = `${path}.${process.pid}`;
    writeFileSync(part, text, { mode: 0o644 });
    renameSync(part, path);
  }
}

export function etcBinds(dir: string, hasNetwork: boolean): string[] {
  return Object.keys(files)
    .filter((name) => !hasNetwork || name !== 'hosts')
    .flatMap((name) => ['--ro-bind', join(dir, name), `/etc/${name}`]);
}
