import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** What a machine behind a proxy needs; everything else of the operator's environment stays out. */
const proxies = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'];

/** An ssh that never asks anybody, and gives a silent server up. */
const ssh =
  'ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15 -oServerAliveCountMax=4';

/**
 * The whole environment of a git that works on the bare repository `dir`. Its home is a folder
 * of our own beside it, so that no configuration or credential helper of the operator's is used; ssh alone finds
 * keys and known hosts, by the id of the user that runs the master.
 */
export function gitEnvironment(dir: string, protocols: string): Record<string, string> {
  const home = join(dirname(dir), 'home');
  makeHome(home);
  const inherited = proxies.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C',
    // Without it a mirror that is broken would let git find a repository in a folder above.
    GIT_DIR: dir,
    GIT_ALLOW_PROTOCOL: protocols,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: ssh,
  };
}

function makeHome(home: string): void {
  const file = join(home, '.gitconfig');
  // Not twice: a git that runs meanwhile must not find it half written.
  if (existsSync(file)) return;
  mkdirSync(home, { recursive: true });
  // A local repository is served only when the operator named its path: whose files they are was
  // decided with that. Git takes this setting from no other place.
  writeFileSync(file, '[safe]\n\tdirectory = *\n');
}
