import { lstatSync, readlinkSync } from 'node:fs';

/** Folders of the system that steps may read, apart from /usr. */
const systemFolders = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** What programs of /usr read in /etc. Nothing in it is secret, nor names this machine. */
const etcEntries = [
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/mime.types',
  '/etc/protocols',
  '/etc/services',
  // Certificates, and not their folder: private keys lie beside them.
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/pki/ca-trust',
  '/etc/pki/tls/certs',
  '/etc/ca-certificates',
];

/** Needed to find other machines. */
const networkEntries = ['/etc/resolv.conf', '/etc/hosts', '/etc/gai.conf'];

/** bubblewrap's arguments for the read-only system. */
export function systemBinds(): string[] {
  const folders = systemFolders.flatMap((folder) => {
    const entry = lstatSync(folder, { throwIfNoEntry: false });
    if (entry === undefined) return [];
    // Where /bin is /usr/bin the sandbox has the same link.
    if (entry.isSymbolicLink()) return ['--symlink', readlinkSync(folder), folder];
    return ['--ro-bind', folder, folder];
  });
  return ['--ro-bind', '/usr', '/usr', ...folders, ...etcEntries.flatMap(tryBind)];
}

export function networkBinds(): string[] {
  return networkEntries.flatMap(tryBind);
}

function tryBind(path: string): string[] {
  return ['--ro-bind-try', path, path];
}
